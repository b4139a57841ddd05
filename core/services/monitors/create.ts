import { ProblemError } from '#core/platform/problem-error.ts';
import { requestAssignment } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { monitorStatus, monitors } from '#db/schema.ts';
import type { Monitor, MonitorCreate } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import { newId } from '../new-id.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { allocateShard } from './allocate-shard.ts';
import { answerOf } from './get.ts';
import { monitorColumns, requirePossible } from './stored.ts';

/** Stores the monitor, takes a place in a shard and requests the shard's new assignment. */
export async function createMonitor(ctx: RequestContext, input: MonitorCreate): Promise<Revised<Monitor>> {
  authorize(ctx, 'write');
  requirePossible(input);
  const now = ctx.clock.now();
  const id = newId(ctx, 'mon');
  return inUnit(ctx, async (ctx) => {
    const shardId = await allocateShard(ctx);
    const [row] = await ctx.db
      .insert(monitors)
      .values({
        id,
        organizationId: ctx.caller.organizationId,
        shardId,
        ...monitorColumns(ctx, id, input),
        createdAt: now,
        updatedAt: now,
      })
      .returning();
    if (row === undefined) throw new ProblemError('internal');
    await ctx.db.insert(monitorStatus).values({ monitorId: id, status: 'pending', since: now });
    await requestAssignment(ctx.db, shardId);
    const answer = await answerOf(ctx, row);
    await recordAudit(ctx, {
      action: 'monitor.create',
      targetType: 'monitor',
      targetId: id,
      after: answer.object,
    });
    return answer;
  });
}
