import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findMonitor } from './stored.ts';

/** Requests an immediate check from the edge, outside the schedule. Its results are marked manual. */
export async function checkMonitor(ctx: RequestContext, id: string): Promise<{ scheduledAt: string }> {
  authorize(ctx, 'write');
  const monitor = await findMonitor(ctx, id);
  if (!monitor.enabled) throw new ProblemError('conflict', 'The monitor is paused; resume it first.');
  const answer = await ctx.edge.checkNow(monitor.shardId, id);
  await inUnit(ctx, (ctx) =>
    recordAudit(ctx, { action: 'monitor.check', targetType: 'monitor', targetId: id, after: answer }),
  );
  return answer;
}
