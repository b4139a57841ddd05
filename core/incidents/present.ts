import type { incidents } from '#db/schema.ts';
import type { Incident } from '#domain/api/alerting.ts';

export type IncidentRow = typeof incidents.$inferSelect;

/** An incident in the form of answers, webhooks and the live stream. */
export function presentIncident(row: IncidentRow, monitorName: string | null): Incident {
  return {
    id: row.id,
    title: row.title,
    status: row.status,
    severity: row.severity,
    monitorId: row.monitorId,
    monitorName,
    alertId: row.alertId,
    summary: row.summary,
    publicStatus: row.publicStatus,
    reach: presentReach(row),
    startedAt: row.startedAt.toISOString(),
    acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null,
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

function presentReach({ reachedAt, unreachedReason }: IncidentRow): Incident['reach'] {
  if (reachedAt !== null) return { status: 'reached', at: reachedAt.toISOString(), reason: null };
  return { status: unreachedReason === null ? 'pending' : 'nobody', at: null, reason: unreachedReason };
}
