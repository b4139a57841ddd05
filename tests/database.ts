import { randomBytes } from 'node:crypto';
import connect from 'postgres';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Creates an empty database on the suite's server. It has no schema until db/migrate.ts has run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (server === undefined)
    throw new Error('TEST_DATABASE_URL is not set: run this file in the vitest project "core".');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(server, (sql) => sql`CREATE DATABASE ${sql(name)}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => administer(server, (sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`),
  };
}

async function administer(server: string, statement: (sql: connect.Sql) => Promise<unknown>): Promise<void> {
  const sql = connect(server, { max: 1, onnotice: () => {} });
  try {
    await statement(sql);
  } finally {
    await sql.end();
  }
}
