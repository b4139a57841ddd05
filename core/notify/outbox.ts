import type { Sql } from 'postgres';

/** Longer than an attempt may take (12 s), so that a lease only expires when its holder has died. */
const LEASE_SECONDS = 30;
/** Advisory lock under which the processes lease one after the other. The number is arbitrary. */
const LEASE_LOCK = 7_205_202_610;
/** Attempts in flight of one channel: an endpoint that hangs holds this many. */
const PER_CHANNEL_MAX = 4;
/** Attempts in flight of one organisation, over all processes: a quarter of what one process can do. */
const PER_ORGANIZATION_MAX = 32;
/** Most attempts in flight to failing channels of one organisation: its working channels keep the rest. */
const PER_ORGANIZATION_FAILING_MAX = 16;

export interface LeasedNotification {
  readonly id: string;
  readonly organizationId: string;
  readonly channelId: string;
  readonly incidentId: string | null;
  readonly type: string;
  readonly payload: unknown;
  /** Attempts before this one. */
  readonly attempts: number;
  readonly traceId: string;
  /** The lease's end, which identifies it: a later lease has another. */
  readonly leasedUntil: Date;
  /** Whether the channel's latest attempt failed. */
  readonly failing: boolean;
}

/**
 * Leases due notifications, fairly. A channel receives the notifications of an incident in order: an older one that is
 * still pending goes first.
 *
 * Dead receivers hold their attempts for many seconds, and one organisation may have hundreds of them. So attempts in
 * flight are bounded by channel and by organisation, counted over all processes, and the room is dealt out in rounds:
 * the first place of every organisation goes before the second of any. Within an organisation the channels that work
 * go before those that fail, and each channel's first message before the second of another. At most `failingLimit` of
 * the leased ones belong to failing channels.
 *
 * Only the oldest due notifications of each channel are read, so a backlog of one channel costs the others nothing.
 */
export async function leaseNotifications(sql: Sql, limit: number, failingLimit = limit): Promise<LeasedNotification[]> {
  const leased = await sql.begin(async (sql) => {
    // Two processes that lease at once would each count what is in flight without the other's. Under the lock the
    // statement sees all that was leased before.
    await sql`SELECT pg_advisory_xact_lock(${LEASE_LOCK})`;
    return sql<LeasedNotification[]>`
      WITH RECURSIVE outstanding AS (
        -- The channels with outstanding notifications, each found by one step in the index.
        (SELECT channel_id FROM notifications WHERE status IN ('pending', 'failed') ORDER BY channel_id LIMIT 1)
        UNION ALL
        SELECT (SELECT n.channel_id FROM notifications n
                WHERE n.status IN ('pending', 'failed') AND n.channel_id > o.channel_id
                ORDER BY n.channel_id LIMIT 1)
        FROM outstanding o WHERE o.channel_id IS NOT NULL
      ), in_flight AS (
        SELECT n.organization_id, n.channel_id, c.failing_since IS NOT NULL AS failing
        FROM notifications n JOIN channels c ON c.id = n.channel_id
        WHERE n.leased_until > now() AND n.status IN ('pending', 'failed')
      ), due AS (
        SELECT d.id, c.organization_id, c.id AS channel_id, c.failing_since IS NOT NULL AS failing, d.next_attempt_at,
               row_number() OVER (PARTITION BY c.id ORDER BY d.next_attempt_at, d.id)
                 + (SELECT count(*) FROM in_flight f WHERE f.channel_id = c.id) AS channel_place
        FROM outstanding o JOIN channels c ON c.id = o.channel_id CROSS JOIN LATERAL (
          SELECT n.id, n.next_attempt_at FROM notifications n
          WHERE n.channel_id = c.id AND n.status IN ('pending', 'failed') AND n.next_attempt_at <= now()
            AND (n.leased_until IS NULL OR n.leased_until < now())
            AND NOT EXISTS (
              SELECT 1 FROM notifications older
              WHERE older.channel_id = n.channel_id AND older.incident_id = n.incident_id
                AND older.status IN ('pending', 'failed')
                AND (older.created_at, older.id) < (n.created_at, n.id))
          ORDER BY n.next_attempt_at LIMIT ${PER_CHANNEL_MAX}) d
      ), placed AS (
        SELECT *,
               row_number() OVER (PARTITION BY organization_id ORDER BY failing, channel_place, next_attempt_at)
                 + (SELECT count(*) FROM in_flight f WHERE f.organization_id = due.organization_id) AS place,
               row_number() OVER (PARTITION BY organization_id, failing ORDER BY channel_place, next_attempt_at)
                 + (SELECT count(*) FROM in_flight f
                    WHERE f.organization_id = due.organization_id AND f.failing = due.failing) AS place_among_alike
        FROM due WHERE channel_place <= ${PER_CHANNEL_MAX}
      ), fair AS (
        SELECT *, row_number() OVER (PARTITION BY failing ORDER BY place, next_attempt_at) AS turn_among_alike
        FROM placed
        WHERE place <= ${PER_ORGANIZATION_MAX} AND (NOT failing OR place_among_alike <= ${PER_ORGANIZATION_FAILING_MAX})
      ), chosen AS (
        SELECT id, failing FROM fair WHERE NOT failing OR turn_among_alike <= ${failingLimit}
        ORDER BY place, failing, next_attempt_at LIMIT ${limit}
      )
      UPDATE notifications n SET leased_until = now() + ${LEASE_SECONDS} * interval '1 second'
      FROM (
        -- Read again with its lock: another process may be recording an attempt whose lease is over.
        SELECT id FROM notifications
        WHERE id IN (SELECT id FROM chosen) AND status IN ('pending', 'failed') AND next_attempt_at <= now()
          AND (leased_until IS NULL OR leased_until < now())
        FOR UPDATE SKIP LOCKED
      ) locked JOIN chosen USING (id)
      WHERE n.id = locked.id
      RETURNING n.id, n.organization_id AS "organizationId", n.channel_id AS "channelId",
                n.incident_id AS "incidentId", n.type, n.payload, n.attempts, n.trace_id AS "traceId",
                n.leased_until AS "leasedUntil", chosen.failing`;
  });
  return [...leased];
}
