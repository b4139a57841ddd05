import { and, eq, inArray, isNull } from 'drizzle-orm';
import { incidents, notifications } from '#db/schema.ts';
import type { UnreachedReason } from '#domain/incident/incident.ts';
import { unreachedSentence } from '#domain/incident/incident-words.ts';
import { BLACKTIDE } from '../context.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { announceIncident } from './announce.ts';
import { appendTimeline } from './append-timeline.ts';

/** Whether an incident has reached anybody: kept on its row, because notifications go with their channel. */

/** Records the first delivery of a message about the incident. */
export async function markReached(ctx: UnitOfWork, incidentId: string): Promise<void> {
  const [row] = await ctx.db
    .update(incidents)
    .set({ reachedAt: ctx.clock.now(), unreachedReason: null })
    .where(and(eq(incidents.id, incidentId), isNull(incidents.reachedAt)))
    .returning({ organizationId: incidents.organizationId });
  if (row !== undefined) await announceIncident(ctx.db, row.organizationId, incidentId);
}

/** Records that a message about the incident is under way, so an earlier `unreachedReason` no longer holds. */
export async function markUnderWay(ctx: UnitOfWork, incidentId: string): Promise<void> {
  await ctx.db
    .update(incidents)
    .set({ unreachedReason: null })
    .where(and(eq(incidents.id, incidentId), isNull(incidents.reachedAt)));
}

/**
 * Records that a message about the incident ended without a delivery, or that there was none to send. When no other
 * message is under way and nobody was reached before, the incident says that it reached nobody. Returns the reason when
 * it does.
 */
export async function settleUnreached(
  ctx: UnitOfWork,
  incidentId: string,
  reason: UnreachedReason,
): Promise<UnreachedReason | null> {
  // The lock makes two last messages that end at once decide one after the other; otherwise each would see the other
  // as under way.
  const [incident] = await ctx.db.select().from(incidents).where(eq(incidents.id, incidentId)).for('update');
  if (incident === undefined || incident.reachedAt !== null || incident.unreachedReason !== null) return null;
  const [underWay] = await ctx.db
    .select({ id: notifications.id })
    .from(notifications)
    .where(and(eq(notifications.incidentId, incidentId), inArray(notifications.status, ['pending', 'failed'])))
    .limit(1);
  if (underWay !== undefined) return null;
  await ctx.db.update(incidents).set({ unreachedReason: reason }).where(eq(incidents.id, incidentId));
  const entry = { kind: 'notification', text: unreachedSentence(reason), data: {} } as const;
  await appendTimeline(ctx, incidentId, entry, BLACKTIDE, ctx.clock.now(), { status: 'nobody', reason });
  await announceIncident(ctx.db, incident.organizationId, incidentId);
  return reason;
}
