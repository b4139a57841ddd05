import { inUnit } from '#core/unit-of-work.ts';
import type { Monitor } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import type { RequestContext } from '../request-context.ts';
import { changeMonitor } from './update.ts';

/** Stops the checks. An open incident resolves, because the monitor is no longer observed. */
export async function pauseMonitor(ctx: RequestContext, id: string): Promise<Revised<Monitor>> {
  authorize(ctx, 'write');
  return inUnit(ctx, (ctx) => changeMonitor(ctx, id, { action: 'monitor.pause', patch: { enabled: false } }));
}
