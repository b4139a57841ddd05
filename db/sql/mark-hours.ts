import { type SQL, sql } from 'drizzle-orm';

/**
 * Members of a WITH clause that mark hours to be rolled up. `hours` is a relation with the columns monitor_id and hour,
 * each pair once. The mark of a closed hour is updated even if it exists: late data then waits for an aggregator that
 * is counting the hour, finds the mark deleted, and inserts a new one. The mark of the running hour is inserted once
 * and not updated, because no aggregator counts that hour yet and every batch would rewrite the row.
 */
export function markHours(hours: SQL): SQL {
  return sql`marked AS (
      INSERT INTO dirty_hours (monitor_id, hour)
      SELECT monitor_id, hour FROM ${hours} WHERE hour >= date_trunc('hour', now(), 'UTC') ORDER BY 1, 2
      ON CONFLICT DO NOTHING
    ), marked_again AS (
      INSERT INTO dirty_hours (monitor_id, hour)
      SELECT monitor_id, hour FROM ${hours} WHERE hour < date_trunc('hour', now(), 'UTC') ORDER BY 1, 2
      ON CONFLICT (monitor_id, hour) DO UPDATE SET marked_at = clock_timestamp()
    )`;
}
