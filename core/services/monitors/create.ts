import { requestAssignment } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { monitorStatus, monitors } from '#db/schema.ts';
import type { Monitor, MonitorCreate } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import { newId } from '../new-id.ts';
import { requireQuota } from '../quota.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { allocateShard } from './allocate-shard.ts';
import { presentNewMonitor } from './present.ts';
import { requireRoomAtHost } from './room-at-host.ts';
import { monitorColumns, requirePossible } from './stored.ts';

/** Stores the monitor, takes a place in a shard and requests the shard's new assignment. */
export async function createMonitor(ctx: RequestContext, input: MonitorCreate): Promise<Revised<Monitor>> {
  authorize(ctx, 'write');
  requirePossible(input);
  const now = ctx.clock.now();
  const id = newId(ctx, 'mon');
  const row = {
    id,
    organizationId: ctx.caller.organizationId,
    ...monitorColumns(ctx, id, input),
    revision: 1,
    createdAt: now,
    updatedAt: now,
  };
  const object = presentNewMonitor(ctx, row);
  return inUnit(ctx, async (ctx) => {
    await requireQuota(ctx, 'monitors');
    await requireRoomAtHost(ctx, null, input);
    const { monitors: monitorsMax } = ctx.config.quotas;
    ctx.checksOnDemand.requireChange(ctx.caller.organizationId, null, monitorsMax, now.getTime());
    await recordAudit(ctx, { action: 'monitor.create', targetType: 'monitor', targetId: id, after: object });
    const shardId = await allocateShard(ctx);
    // Sent in one go: other creations wait for the shard, and each way to the database and back would make them wait longer.
    await Promise.all([
      ctx.db.insert(monitors).values({ ...row, shardId }),
      ctx.db.insert(monitorStatus).values({ monitorId: id, status: 'pending', since: now }),
      requestAssignment(ctx.db, shardId),
    ]);
    return { object, revision: row.revision };
  });
}
