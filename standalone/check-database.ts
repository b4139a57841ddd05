import connect from 'postgres';
import { SetupError } from './setup-error.ts';

/** The oldest supported PostgreSQL, version 15 (Debian 12's). */
const OLDEST_VERSION = 150_000;
const CONNECT_TIMEOUT_SECONDS = 8;

/** Throws one sentence when DATABASE_URL cannot be used. */
export async function checkDatabase(url: string): Promise<void> {
  const sql = connect(url, { max: 1, connect_timeout: CONNECT_TIMEOUT_SECONDS, onnotice: () => {} });
  try {
    const [row] = await sql`SELECT current_setting('server_version_num')::int AS version`;
    if (Number(row?.version) < OLDEST_VERSION) {
      throw new SetupError(`DATABASE_URL: PostgreSQL 15 or newer is needed, the server is ${row?.version}.`);
    }
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const { hostname, port } = new URL(url);
    const why = (error as Error).message || (error as { code?: string }).code || 'no answer';
    throw new SetupError(`DATABASE_URL: PostgreSQL at ${hostname}:${port || 5432} cannot be used: ${why}.`);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
