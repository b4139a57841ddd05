import { sql } from 'drizzle-orm';
import { array, type Executor } from './executor.ts';

/**
 * Locks monitors, so that batches with the same monitors are stored one after the other. The hours that a round changes
 * depend on the round before it, and two concurrent batches would not see each other's rounds. All locks are taken in
 * one statement and in one order, so two batches cannot deadlock.
 */
export async function lockMonitors(db: Executor, monitorIds: readonly string[]): Promise<void> {
  if (monitorIds.length === 0) return;
  await db.execute(sql`
    SELECT 1 FROM monitor_status WHERE monitor_id = ANY(${array(monitorIds, 'text')})
    ORDER BY monitor_id FOR NO KEY UPDATE`);
}
