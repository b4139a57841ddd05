import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '#standalone/postgres.ts';

/** The global setup of the suite `core`: one real PostgreSQL for all files, or the server of TEST_DATABASE_URL. */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env.TEST_DATABASE_URL !== undefined) return async () => {};
  const dataDir = mkdtempSync(join(tmpdir(), 'blacktide-core-tests-'));
  const server = await startPostgres({ dataDir, durable: false });
  process.env.TEST_DATABASE_URL = server.url;
  return async () => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
