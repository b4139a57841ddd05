import { type SQL, sql } from 'drizzle-orm';

/**
 * Members of a WITH clause that mark hours to be rolled up; `hours` is a relation with the columns monitor_id and hour,
 * each pair once. A closed hour's mark is written over, so that late data waits for an aggregator that is just counting
 * the hour, finds the mark deleted and makes a new one. The mark of an hour that has not ended is only made once:
 * nobody counts it yet, and every batch would write it over.
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
