import { sql } from 'drizzle-orm';
import type { MonitorStatusEvent } from '#domain/wire/wire.ts';
import { array, type Column, type Executor, unnest } from './executor.ts';

const EVENT_COLUMNS: readonly Column<MonitorStatusEvent>[] = [
  ['monitor_id', 'text', (event) => event.monitorId],
  ['status', 'text', (event) => event.status],
  ['at', 'timestamptz', (event) => event.at],
];

/** A monitor whose shown status has changed. */
export interface StatusChange {
  readonly monitorId: string;
  readonly organizationId: string;
  readonly status: MonitorStatusEvent['status'];
  readonly previous: MonitorStatusEvent['status'];
  readonly since: Date;
}

/**
 * Stores the edge's latest status of monitors, unless a newer one is stored already (by `at`, see MonitorStatusEvent).
 * For a disabled monitor, and for a stale one, only `edge_status` is updated; restoreStatuses() makes it the shown
 * status later.
 */
export async function storeStatuses(db: Executor, events: readonly MonitorStatusEvent[]): Promise<StatusChange[]> {
  const rows = await db.execute(sql`
    WITH incoming AS (
      SELECT row.*, m.enabled, m.organization_id FROM ${unnest(events, EVENT_COLUMNS)}
      JOIN monitors m ON m.id = row.monitor_id
    ), newest AS (
      SELECT DISTINCT ON (monitor_id) monitor_id, organization_id, at, status AS edge_status,
             CASE WHEN enabled THEN status ELSE 'paused' END AS status
      FROM incoming ORDER BY monitor_id, at DESC
    ), before AS (
      SELECT s.monitor_id, s.status FROM monitor_status s JOIN newest USING (monitor_id)
    ), stored AS (
      INSERT INTO monitor_status AS known (monitor_id, status, edge_status, since, observed_at)
      SELECT monitor_id, status, edge_status, at, at FROM newest ORDER BY monitor_id
      ON CONFLICT (monitor_id) DO UPDATE
      SET edge_status = excluded.edge_status,
          observed_at = excluded.observed_at,
          stale = known.stale AND excluded.status <> 'paused',
          status = CASE WHEN known.stale AND excluded.status <> 'paused' THEN known.status ELSE excluded.status END,
          since = CASE WHEN known.status = excluded.status OR (known.stale AND excluded.status <> 'paused')
                       THEN known.since ELSE excluded.since END
      WHERE known.observed_at IS NULL OR known.observed_at < excluded.observed_at
      RETURNING monitor_id, status, since
    )
    SELECT stored.monitor_id, newest.organization_id, stored.status, stored.since,
           coalesce(before.status, 'pending') AS previous
    FROM stored JOIN newest USING (monitor_id) LEFT JOIN before USING (monitor_id)
    WHERE stored.status IS DISTINCT FROM before.status`);
  return rows.map(statusChange);
}

/** A monitor is stale when its last check is older than three rounds and a minute for delivery. */
const freshSince = sql`now() - (3 * m.interval_seconds + 60) * interval '1 second'`;

/**
 * Shows the edge's latest status again for monitors that are checked again, and for those that were resumed before the
 * edge received the pause: the edge sends no event for them, because their status did not change.
 */
export async function restoreStatuses(db: Executor, monitorIds: readonly string[]): Promise<StatusChange[]> {
  const rows = await db.execute(sql`
    WITH hidden AS (
      SELECT s.monitor_id, m.organization_id, s.status AS previous
      FROM monitor_status s JOIN monitors m ON m.id = s.monitor_id
      WHERE s.monitor_id = ANY(${array(monitorIds, 'text')}) AND m.enabled AND s.last_check_at > ${freshSince}
        AND (s.stale OR (s.status = 'paused' AND s.edge_status <> 'paused'))
      ORDER BY s.monitor_id
      FOR UPDATE OF s
    ), restored AS (
      UPDATE monitor_status s
      SET stale = false, status = coalesce(s.edge_status, 'pending'), since = s.last_check_at
      FROM hidden WHERE s.monitor_id = hidden.monitor_id
      RETURNING s.monitor_id, hidden.organization_id, s.status, s.since, hidden.previous
    )
    SELECT * FROM restored WHERE status <> previous`);
  return rows.map(statusChange);
}

/**
 * Sets enabled monitors that are no longer checked to `unknown`: their results do not arrive, or every slot is missed.
 * Without a check there is no evidence for any other status.
 */
export async function markStale(db: Executor): Promise<StatusChange[]> {
  const rows = await db.execute(sql`
    WITH silent AS (
      SELECT s.monitor_id, m.organization_id, s.status AS previous
      FROM monitor_status s JOIN monitors m ON m.id = s.monitor_id
      WHERE m.enabled AND NOT s.stale AND s.status IN ('up', 'degraded', 'down')
        AND coalesce(s.last_check_at, s.observed_at) < ${freshSince}
      ORDER BY s.monitor_id
      FOR UPDATE OF s SKIP LOCKED
    ), marked AS (
      UPDATE monitor_status s SET stale = true, status = 'unknown', since = now()
      FROM silent WHERE s.monitor_id = silent.monitor_id
      RETURNING s.monitor_id, silent.organization_id, s.status, s.since, silent.previous
    )
    SELECT * FROM marked`);
  return rows.map(statusChange);
}

function statusChange(row: Record<string, unknown>): StatusChange {
  return {
    monitorId: row.monitor_id as string,
    organizationId: row.organization_id as string,
    status: row.status as StatusChange['status'],
    previous: row.previous as StatusChange['previous'],
    since: new Date(row.since as string),
  };
}
