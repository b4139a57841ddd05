import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { ensurePartitions } from './partitions.ts';

/** Serialises migrations of processes that start at the same time; the number only has to be ours. */
const MIGRATION_LOCK = 7_205_202_600;
const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
/** A month of partitions ahead: the janitor may be away for weeks before an insert finds none. */
export const PARTITION_WEEKS_AHEAD = 4;
/** A server that does not answer within this time is reported, not waited for. */
const CONNECT_TIMEOUT_SECONDS = 10;

/** Brings the schema of the database at `url` up to date and makes the partitions of the coming weeks. */
export async function migrate(url: string, now: Date = new Date()): Promise<void> {
  // One connection, because the lock belongs to the session.
  const sql = postgres(url, { max: 1, connect_timeout: CONNECT_TIMEOUT_SECONDS, onnotice: () => {} });
  try {
    await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`;
    await applyMigrations(drizzle(sql), { migrationsFolder: MIGRATIONS });
    await ensurePartitions(sql, now, PARTITION_WEEKS_AHEAD);
  } finally {
    // Ending the session releases the lock, whatever happened.
    await sql.end();
  }
}
