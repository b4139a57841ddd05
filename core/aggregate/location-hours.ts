import { type SQL, sql } from 'drizzle-orm';
import type { Executor } from '#db/sql/executor.ts';

/** Figures of one location for one monitor in one hour, from raw results. */
export interface LocationHour {
  readonly monitorId: string;
  readonly location: string;
  /** Start of the hour, in the database's notation. */
  readonly hour: string;
  readonly up: number;
  readonly down: number;
  readonly unknown: number;
  /** Response times of successful checks, in milliseconds. */
  readonly responseTimes: readonly number[];
}

/**
 * Reads the raw results of hours by location. `hours` is a relation with the columns monitor_id and hour. "Check now"
 * results count, as in a location's latest status; only rounds exclude them.
 */
export async function readLocationHours(db: Executor, hours: SQL): Promise<LocationHour[]> {
  const rows = await db.execute(sql`
    SELECT r.monitor_id, r.location, h.hour,
           (count(*) FILTER (WHERE r.outcome = 'success'))::int AS up,
           (count(*) FILTER (WHERE r.outcome IN ('failure', 'timeout')))::int AS down,
           (count(*) FILTER (WHERE r.outcome = 'error'))::int AS unknown,
           coalesce(array_agg(r.response_time_ms) FILTER (WHERE r.outcome = 'success' AND r.response_time_ms IS NOT NULL),
                    '{}') AS response_times
    FROM (${hours}) AS h
    JOIN check_results r ON r.monitor_id = h.monitor_id
      AND r.scheduled_at >= h.hour AND r.scheduled_at < h.hour + interval '1 hour'
    GROUP BY r.monitor_id, r.location, h.hour`);
  return rows.map((row) => ({
    monitorId: row.monitor_id as string,
    location: row.location as string,
    hour: row.hour as string,
    up: row.up as number,
    down: row.down as number,
    unknown: row.unknown as number,
    responseTimes: row.response_times as number[],
  }));
}
