import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findMonitor, readMonitor } from './stored.ts';

/** A check that fails is repeated once (probes/confirm.ts). */
const ATTEMPTS_MAX = 2;

/** Requests an immediate check from the edge, outside the schedule. Its results are marked manual. */
export async function checkMonitor(ctx: RequestContext, id: string): Promise<{ scheduledAt: string }> {
  authorize(ctx, 'write');
  const row = await findMonitor(ctx, id);
  if (!row.enabled) throw new ProblemError('conflict', 'The monitor is paused; resume it first.');
  const check = readMonitor(ctx, row).monitor;
  const asked = { monitorId: id, check, attempts: ATTEMPTS_MAX };
  ctx.checksOnDemand.require(ctx.caller.organizationId, asked, ctx.clock.now().getTime());
  const answer = await ctx.edge.checkNow(row.shardId, id);
  await inUnit(ctx, (ctx) =>
    recordAudit(ctx, { action: 'monitor.check', targetType: 'monitor', targetId: id, after: answer }),
  );
  return answer;
}
