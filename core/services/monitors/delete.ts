import { and, eq, ne } from 'drizzle-orm';
import type { Transaction } from '#core/context.ts';
import { changeIncident } from '#core/incidents/change.ts';
import { requestAssignment, requestPagesOfMonitor } from '#core/publish/request.ts';
import { incidents, monitors } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { releaseShard } from './allocate-shard.ts';
import { answerOf } from './get.ts';
import { findMonitor } from './stored.ts';

/**
 * Its open incidents are resolved here and now: the edge reports the alert's end only after the monitor is
 * gone, and then finds nothing open, so `incident.resolved` is told exactly once.
 */
export async function deleteMonitor(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inTransaction(ctx, async (tx) => {
    const row = await findMonitor(tx, ctx, id, true);
    const before = await answerOf(ctx, tx, row);
    await resolveIncidents(tx, ctx, id);
    await requestPagesOfMonitor(tx, id);
    await tx.delete(monitors).where(eq(monitors.id, id));
    await releaseShard(tx, row.shardId);
    await requestAssignment(tx, row.shardId);
    await recordAudit(tx, ctx, {
      action: 'monitor.delete',
      targetType: 'monitor',
      targetId: id,
      before: before.object,
    });
  });
}

async function resolveIncidents(tx: Transaction, ctx: RequestContext, monitorId: string): Promise<void> {
  const open = await tx
    .select({ id: incidents.id })
    .from(incidents)
    .where(and(eq(incidents.monitorId, monitorId), ne(incidents.status, 'resolved')));
  const change = { type: 'recover', summary: 'The monitor was deleted.' } as const;
  for (const { id } of open) await changeIncident(tx, ctx, id, change, ctx.caller.actor);
}
