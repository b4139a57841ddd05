import { eq, sql } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { requestAssignment } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { monitors } from '#db/schema.ts';
import type { Monitor, MonitorCreate } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import { type Revised, requireRevision } from '../expected-revision.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext, RequestUnit } from '../request-context.ts';
import { answerOf } from './get.ts';
import { requireRoomAtHost } from './room-at-host.ts';
import { changedColumns, findMonitor, patchedMonitor, readMonitor, requirePossible } from './stored.ts';

/** Applies a merge patch to the stored monitor; the result must be a valid monitor. */
export async function updateMonitor(
  ctx: RequestContext,
  id: string,
  patch: Record<string, unknown>,
  ifMatch?: string,
): Promise<Revised<Monitor>> {
  authorize(ctx, 'write');
  return inUnit(ctx, (ctx) => changeMonitor(ctx, id, { action: 'monitor.update', patch, ifMatch }));
}

/** One change of a monitor. Pause and resume are such changes too. */
export async function changeMonitor(
  ctx: RequestUnit,
  id: string,
  change: { action: string; patch: Record<string, unknown>; ifMatch?: string | undefined },
): Promise<Revised<Monitor>> {
  const before = await findMonitor(ctx, id, true);
  requireRevision(change.ifMatch, before.revision);
  const stored = readMonitor(ctx, before);
  const input = patchedMonitor(stored, change.patch);
  requirePossible(input);
  if (isCheckedAtOnce(stored.monitor, input)) await requireChecks(ctx, { id, monitor: stored.monitor }, input);
  const [row] = await ctx.db
    .update(monitors)
    .set({
      ...changedColumns(ctx, id, input, stored, change.patch),
      revision: sql`${monitors.revision} + 1`,
      updatedAt: ctx.clock.now(),
    })
    .where(eq(monitors.id, id))
    .returning();
  if (row === undefined) throw new ProblemError('internal');
  const answer = await answerOf(ctx, row);
  await recordAudit(ctx, {
    action: change.action,
    targetType: 'monitor',
    targetId: id,
    before: (await answerOf(ctx, before)).object,
    after: answer.object,
  });
  await requestAssignment(ctx.db, row.shardId);
  return answer;
}

/** Whether the edge makes a round at once, beside the schedule: it is checked in another way, or again. */
function isCheckedAtOnce(before: MonitorCreate, after: MonitorCreate): boolean {
  if (!after.enabled) return false;
  return !before.enabled || JSON.stringify(wayOfChecking(before)) !== JSON.stringify(wayOfChecking(after));
}

function wayOfChecking({ type, config, timeoutMs, intervalSeconds, locations }: MonitorCreate) {
  return [type, config, timeoutMs, intervalSeconds, locations.toSorted()];
}

/** A repetition of the transaction counts once more: few are repeated, and the bounds have room. */
async function requireChecks(
  ctx: RequestUnit,
  before: { readonly id: string; readonly monitor: MonitorCreate },
  input: MonitorCreate,
): Promise<void> {
  await requireRoomAtHost(ctx, before, input);
  const { monitors: monitorsMax } = ctx.config.quotas;
  ctx.checksOnDemand.requireChange(ctx.caller.organizationId, before.id, monitorsMax, ctx.clock.now().getTime());
}
