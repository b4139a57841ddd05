import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { incidents, monitors } from '#db/schema.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import type { CoreContext, Transaction } from '../context.ts';
import { presentIncident } from './present.ts';

const CHANNEL = 'blacktide_incident';
const announcementSchema = z.object({ organizationId: z.string(), incidentId: z.string() });

/** Announces that an incident has changed. PostgreSQL delivers the notification if and when the transaction commits. */
export async function announceIncident(tx: Transaction, organizationId: string, incidentId: string): Promise<void> {
  await tx.execute(sql`SELECT pg_notify(${CHANNEL}, ${JSON.stringify({ organizationId, incidentId })})`);
}

/** Sends announced incidents to the browsers of this process. Every API process listens for itself. */
export async function relayIncidents(
  ctx: Pick<CoreContext, 'sql' | 'db' | 'logger'>,
  emit: (organizationId: string, events: readonly LiveEvent[]) => void,
): Promise<{ close(): Promise<void> }> {
  async function relay(payload: string): Promise<void> {
    const { organizationId, incidentId } = announcementSchema.parse(JSON.parse(payload));
    const [found] = await ctx.db
      .select({ incident: incidents, monitorName: monitors.name })
      .from(incidents)
      .leftJoin(monitors, eq(monitors.id, incidents.monitorId))
      .where(eq(incidents.id, incidentId));
    if (found === undefined) return;
    emit(organizationId, [{ type: 'incident', data: presentIncident(found.incident, found.monitorName) }]);
  }

  const listening = await ctx.sql.listen(CHANNEL, (payload) => {
    relay(payload).catch((error: unknown) => ctx.logger.warn({ err: error }, 'an incident could not be relayed'));
  });
  return { close: () => listening.unlisten() };
}
