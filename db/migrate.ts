import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { ensurePartitions } from './partitions.ts';

/** Advisory lock that serialises migrations of processes that start together. The number is arbitrary. */
const MIGRATION_LOCK = 7_205_202_600;
const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
/** Weeks of partitions made ahead. An aggregator that is down for three weeks does not stop inserts. */
export const PARTITION_WEEKS_AHEAD = 4;
/** A server that does not answer within this time is reported as unreachable. */
const CONNECT_TIMEOUT_SECONDS = 10;

/** Brings the schema of the database at `url` up to date and makes the partitions of the coming weeks. */
export async function migrate(url: string, now: Date = new Date()): Promise<void> {
  // An advisory lock belongs to a session, so the migration runs on one connection.
  const sql = postgres(url, { max: 1, connect_timeout: CONNECT_TIMEOUT_SECONDS, onnotice: () => {} });
  try {
    await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`;
    await applyMigrations(drizzle(sql), { migrationsFolder: MIGRATIONS });
    await ensurePartitions(sql, now, PARTITION_WEEKS_AHEAD);
  } finally {
    // The end of the session releases the lock, also after an error.
    await sql.end();
  }
}
