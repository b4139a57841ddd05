import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { openPostgres, type Postgres } from './postgres.ts';

const CONNECTIONS = 7;
const RESTARTS = 25;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let postgres: Postgres;
/** Ends the connections of the other one. */
let operator: Postgres;

beforeAll(async () => {
  database = await createTestDatabase();
  postgres = openPostgres(database.url, 'product', { connections: CONNECTIONS });
  operator = openPostgres(database.url, 'operator', { connections: 3 });
  await operator.sql`CREATE TABLE written (id int GENERATED ALWAYS AS IDENTITY, work int NOT NULL)`;
});
afterAll(async () => {
  await postgres.close();
  await operator.close();
  await database.drop();
});

const endConnections = () => operator.sql`
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'product'`;

/** Three statements in one transaction, each after the one before. */
const transaction = (work: number) =>
  postgres.db.transaction(async (tx) => {
    for (let statement = 0; statement < 3; statement++) await tx.execute(`INSERT INTO written (work) VALUES (${work})`);
  });

test('connections that PostgreSQL ends: statements fail, transactions are whole or not there, and all connect again', async () => {
  let [work, done] = [0, 0];
  for (let restart = 0; restart < RESTARTS; restart++) {
    const transactions = Array.from({ length: 2 * CONNECTIONS }, () => transaction(work++));
    const statements = Array.from({ length: 2 * CONNECTIONS }, () => postgres.sql`SELECT 1`);
    const settling = Promise.allSettled([...transactions, ...statements]);
    await endConnections();
    await endConnections();
    const settled = await settling;
    done += settled.slice(0, transactions.length).filter(({ status }) => status === 'fulfilled').length;
    // More at once than there are connections: each of them is used.
    await eventually('every connection works', async () => {
      await Promise.all(Array.from({ length: 2 * CONNECTIONS }, () => postgres.sql`SELECT pg_sleep(0.001)`));
      await Promise.all(Array.from({ length: 2 * CONNECTIONS }, () => postgres.db.execute('SELECT pg_sleep(0.001)')));
      return true;
    });
  }
  const written = await operator.sql<{ statements: number }[]>`
    SELECT count(*)::int AS statements FROM written GROUP BY work`;
  expect(new Set(written.map(({ statements }) => statements))).toEqual(new Set([3]));
  expect(written.length).toBeGreaterThanOrEqual(done);
});
