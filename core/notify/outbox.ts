import type { Sql } from 'postgres';

/** Longer than an attempt may take (10 s), so that a lease only expires when its holder has died. */
const LEASE_SECONDS = 30;

export interface LeasedNotification {
  readonly id: string;
  readonly channelId: string;
  readonly incidentId: string | null;
  readonly type: string;
  readonly payload: unknown;
  /** Attempts before this one. */
  readonly attempts: number;
  readonly traceId: string;
  /** The lease's end, which identifies it: a later lease has another. */
  readonly leasedUntil: Date;
}

/**
 * Leases due notifications. A channel receives the notifications of an incident in order: an older one that is still
 * pending goes first. SKIP LOCKED lets several processes share the outbox.
 */
export async function leaseNotifications(sql: Sql, limit: number): Promise<LeasedNotification[]> {
  return sql<LeasedNotification[]>`
    UPDATE notifications SET leased_until = now() + ${LEASE_SECONDS} * interval '1 second'
    WHERE id IN (
      SELECT id FROM notifications n
      WHERE status IN ('pending', 'failed') AND next_attempt_at <= now()
        AND (leased_until IS NULL OR leased_until < now())
        AND NOT EXISTS (
          SELECT 1 FROM notifications older
          WHERE older.channel_id = n.channel_id AND older.incident_id = n.incident_id
            AND older.status IN ('pending', 'failed')
            AND (older.created_at, older.id) < (n.created_at, n.id))
      ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING id, channel_id AS "channelId", incident_id AS "incidentId", type, payload, attempts,
              trace_id AS "traceId", leased_until AS "leasedUntil"`;
}
