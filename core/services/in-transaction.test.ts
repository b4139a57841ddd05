import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Transaction } from '#core/context.ts';
import { startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { inTransaction } from './in-transaction.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
});
afterAll(() => app.close());

const lock = (tx: Transaction, key: number) => tx.execute(sql`select pg_advisory_xact_lock(${key})`);

test('of two transactions that wait for each other, the one that PostgreSQL ends is done again', async () => {
  const bothHoldOne = Promise.withResolvers<void>();
  let runs = 0;
  const crosswise = (first: number, second: number) =>
    inTransaction(app.ctx, async (tx) => {
      await lock(tx, first);
      runs += 1;
      if (runs === 2) bothHoldOne.resolve();
      await bothHoldOne.promise;
      await lock(tx, second);
      return `${first}${second}`;
    });
  expect(await Promise.all([crosswise(1, 2), crosswise(2, 1)])).toEqual(['12', '21']);
  expect(runs).toBe(3);
});

test('any other error is thrown as it is', async () => {
  let runs = 0;
  const work = inTransaction(app.ctx, async (tx) => {
    runs += 1;
    await tx.execute(sql`select 1 / 0`);
  });
  await expect(work).rejects.toThrow();
  expect(runs).toBe(1);
});
