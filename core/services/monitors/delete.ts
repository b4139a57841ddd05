import { and, eq, ne } from 'drizzle-orm';
import { changeIncident } from '#core/incidents/change.ts';
import { requestAssignment, requestPagesOfMonitor } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { incidents, monitors } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext, RequestUnit } from '../request-context.ts';
import { releaseShard } from './allocate-shard.ts';
import { answerOf } from './get.ts';
import { findMonitor } from './stored.ts';

/**
 * Deletes a monitor and resolves its open incidents in the same transaction. The edge reports the alert's end later and
 * finds no open incident, so `incident.resolved` is sent once.
 */
export async function deleteMonitor(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inUnit(ctx, async (ctx) => {
    const row = await findMonitor(ctx, id, true);
    const before = await answerOf(ctx, row);
    await resolveIncidents(ctx, id);
    await requestPagesOfMonitor(ctx.db, id);
    await ctx.db.delete(monitors).where(eq(monitors.id, id));
    await recordAudit(ctx, {
      action: 'monitor.delete',
      targetType: 'monitor',
      targetId: id,
      before: before.object,
    });
    await releaseShard(ctx.db, row.shardId);
    await requestAssignment(ctx.db, row.shardId);
  });
}

async function resolveIncidents(ctx: RequestUnit, monitorId: string): Promise<void> {
  const open = await ctx.db
    .select({ id: incidents.id })
    .from(incidents)
    .where(and(eq(incidents.monitorId, monitorId), ne(incidents.status, 'resolved')));
  const change = { type: 'recover', summary: 'The monitor was deleted.' } as const;
  for (const { id } of open) await changeIncident(ctx, id, change, ctx.caller.actor);
}
