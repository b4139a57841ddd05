import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { startTcpProxy, type TcpProxy } from '#tests/harness/tcp-proxy.ts';
import { databaseFault } from './database-fault.ts';
import { openPostgres, type Postgres } from './postgres.ts';
import { readinessOf, requireWritable } from './readiness.ts';

const STATEMENT_TIMEOUT_MS = 500;
/** Ends a hang: the limits of connections, statements and the queue are all below it. */
const ANSWERED_MS = 10_000;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let proxy: TcpProxy;
let postgres: Postgres;

/** Two connections beside the one for LISTEN: one plain, one under drizzle. */
const open = (url: string) => openPostgres(url, 'test', { connections: 3, statementTimeoutMs: STATEMENT_TIMEOUT_MS });

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(database.url);
  postgres = open(proxy.url);
  await postgres.sql`CREATE TABLE kept (id int PRIMARY KEY)`;
  await postgres.sql`INSERT INTO kept VALUES (1)`;
});
afterAll(async () => {
  proxy.thaw();
  await postgres.close();
  await proxy.close();
  await database.drop();
});

/** The sentence for people about a failed statement. */
const faultOf = (statement: PromiseLike<unknown>) =>
  Promise.resolve(statement).then(
    () => 'no fault',
    (error: unknown) => databaseFault(error)?.detail ?? error,
  );

test('statements end at their limits: time, locks, a free connection', async () => {
  expect(await faultOf(postgres.sql`SELECT pg_sleep(60)`)).toBe('The database needed too long for a statement.');
  const other = openPostgres(database.url, 'other', { connections: 3, statementTimeoutMs: 60_000 });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const locked = other.db.transaction(async (tx) => {
    await tx.execute('SELECT 1 FROM kept FOR UPDATE');
    const waiting = openPostgres(database.url, 'waiting', { connections: 3, statementTimeoutMs: 60_000 });
    const [lock, connection] = await Promise.all([
      faultOf(waiting.sql`SELECT 1 FROM kept FOR UPDATE`),
      faultOf(other.db.execute('SELECT 1')),
    ]);
    await waiting.close();
    expect(lock).toBe('Another change holds what this request needs.');
    expect(connection).toBe('All connections to the database are busy.');
    await held;
  });
  release();
  await locked;
  await other.close();
});

test('what cannot be written is told apart', async () => {
  const readOnly = postgres.sql.begin('read only', (tx) => tx`INSERT INTO kept VALUES (2)`);
  expect(await faultOf(readOnly)).toBe('The database or its disk is read-only. Nothing can be stored.');
  const failing = (code: string, message = '') =>
    faultOf(
      Promise.reject(Object.assign(new Error('drizzle'), { cause: Object.assign(new Error(message), { code }) })),
    );
  expect(await failing('53100')).toMatch(/^The disk of the database is full/);
  expect(await failing('42501', 'could not open file "base/1/2": Read-only file system')).toMatch(/read-only/);
  expect(await failing('42501', 'permission denied for table kept')).toBeInstanceOf(Error);
  expect(await failing('53300')).toBe('The database has no free connection.');
  expect(await failing('23505')).toBeInstanceOf(Error);
});

test('readiness: a database that takes no writes is not ready, and says why', async () => {
  expect(await readinessOf(() => requireWritable(postgres.sql))()).toEqual({ state: 'ok', reason: null });
  const name = new URL(database.url).pathname.slice(1);
  await postgres.sql`ALTER DATABASE ${postgres.sql(name)} SET default_transaction_read_only = on`;
  const fresh = open(database.url);
  expect(await readinessOf(() => requireWritable(fresh.sql))()).toEqual({
    state: 'read_only',
    reason: 'The database or its disk is read-only. Nothing can be stored.',
  });
  await fresh.close();
  await postgres.sql`ALTER DATABASE ${postgres.sql(name)} RESET default_transaction_read_only`;
});

test('a frozen database: every statement ends, readiness answers, and all goes on when it is back', async () => {
  const ready = readinessOf(() => requireWritable(postgres.sql));
  await postgres.db.execute('SELECT 1');
  proxy.freeze();
  const began = performance.now();
  const statements = [
    ...Array.from({ length: 5 }, () => faultOf(postgres.sql`SELECT 1`)),
    faultOf(postgres.db.transaction((tx) => tx.execute('SELECT 1'))),
    faultOf(postgres.db.execute('SELECT 1')),
  ];
  expect(await ready()).toEqual({ state: 'unavailable', reason: 'No answer within 2 s.' });
  const faults = await Promise.all(statements);
  expect(performance.now() - began).toBeLessThan(ANSWERED_MS);
  for (const fault of faults) expect(fault).toMatch(/does not answer in time|cannot be reached|are busy/);
  // New connections are accepted, and say nothing.
  expect(await faultOf(postgres.sql`SELECT 1`)).toBe('The database does not answer in time.');
  proxy.thaw();
  await eventually('it works', async () => (await postgres.sql`SELECT 1`).length === 1);
  await eventually('transactions work', () => postgres.db.transaction((tx) => tx.execute('SELECT 1')));
  expect((await ready()).state).toBe('ok');
});
