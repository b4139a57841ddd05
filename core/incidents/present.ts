import type { incidents } from '#db/schema.ts';
import { type Incident, incidentSchema } from '#domain/api/alerting.ts';
import { readTolerantly } from '../services/read-tolerantly.ts';

const { shape } = incidentSchema;
export type IncidentRow = typeof incidents.$inferSelect;

/** An incident in the form of answers, webhooks and the live stream. */
export function presentIncident(row: IncidentRow, monitorName: string | null): Incident {
  const { value, problem } = readTolerantly((part) => ({
    status: part('status', 'value_unreadable', () => shape.status.parse(row.status), 'open' as const),
    severity: part('severity', 'value_unreadable', () => shape.severity.parse(row.severity), 'critical' as const),
    publicStatus: part(
      'publicStatus',
      'value_unreadable',
      () => shape.publicStatus.parse(row.publicStatus),
      'investigating' as const,
    ),
    reach: part('reach', 'value_unreadable', () => shape.reach.parse(reachOf(row)), UNKNOWN_REACH),
  }));
  return {
    id: row.id,
    title: row.title,
    ...value,
    monitorId: row.monitorId,
    monitorName,
    alertId: row.alertId,
    summary: row.summary,
    startedAt: row.startedAt.toISOString(),
    acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null,
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(problem === undefined ? {} : { problem }),
  };
}

const UNKNOWN_REACH = { status: 'nobody', at: null, reason: null } as const;

function reachOf({ reachedAt, unreachedReason }: IncidentRow): Incident['reach'] {
  if (reachedAt !== null) return { status: 'reached', at: reachedAt.toISOString(), reason: null };
  return { status: unreachedReason === null ? 'pending' : 'nobody', at: null, reason: unreachedReason };
}
