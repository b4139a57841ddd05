import type { z } from 'zod';
import type { monitorTestSchema } from '#domain/api/monitor.ts';
import type { TestAnswer } from '#domain/wire.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { requirePossible } from './stored.ts';

/** Runs an unsaved monitor once at each location; nothing is stored. */
export async function tryMonitor(ctx: RequestContext, input: z.output<typeof monitorTestSchema>): Promise<TestAnswer> {
  authorize(ctx, 'write');
  requirePossible(input);
  return ctx.edge.test({ v: 1, ...input });
}
