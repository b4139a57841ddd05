import { sql } from 'drizzle-orm';
import { array, type Executor } from './executor.ts';

/**
 * Batches with the same monitors are stored one after the other. Which hours a round changes depends on the round
 * before it, and neither of two batches could see the other's; and two that lock the same monitors in several
 * statements, each in its own order, could wait for each other.
 */
export async function lockMonitors(db: Executor, monitorIds: readonly string[]): Promise<void> {
  if (monitorIds.length === 0) return;
  await db.execute(sql`
    SELECT 1 FROM monitor_status WHERE monitor_id = ANY(${array(monitorIds, 'text')})
    ORDER BY monitor_id FOR NO KEY UPDATE`);
}
