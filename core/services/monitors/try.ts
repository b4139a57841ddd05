import type { z } from 'zod';
import { inUnit } from '#core/unit-of-work.ts';
import type { monitorTestSchema } from '#domain/api/monitor.ts';
import type { TestAnswer } from '#domain/wire/wire.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { requirePossible } from './stored.ts';

/** Runs an unsaved monitor once at each location and stores no results. */
export async function tryMonitor(ctx: RequestContext, input: z.output<typeof monitorTestSchema>): Promise<TestAnswer> {
  authorize(ctx, 'write');
  requirePossible(input);
  const asked = { monitorId: null, check: input, attempts: 1 };
  ctx.checksOnDemand.require(ctx.caller.organizationId, asked, ctx.clock.now().getTime());
  const { type, config, locations, timeoutMs } = input;
  const answer = await ctx.edge.test({
    v: 1,
    type,
    config,
    locations,
    timeoutMs,
    organization: ctx.caller.organizationId,
  });
  await recordTry(ctx, null, input);
  return answer;
}

/** Records a test in the audit log: it changes nothing, but sends requests in the organisation's name. */
export async function recordTry(
  ctx: RequestContext,
  monitorId: string | null,
  { config, locations }: Pick<z.output<typeof monitorTestSchema>, 'config' | 'locations'>,
): Promise<void> {
  const after = { method: config.method, url: config.url, locations };
  await inUnit(ctx, (ctx) =>
    recordAudit(ctx, { action: 'monitor.test', targetType: 'monitor', targetId: monitorId, after }),
  );
}
