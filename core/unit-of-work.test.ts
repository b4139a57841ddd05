import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '#core/services/new-id.ts';
import { organizations } from '#db/schema.ts';
import { startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import type { Transaction } from './context.ts';
import { inUnit } from './unit-of-work.ts';

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
    inUnit(app.ctx, async ({ db: tx }) => {
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
  const work = inUnit(app.ctx, async ({ db: tx }) => {
    runs += 1;
    await tx.execute(sql`select 1 / 0`);
  });
  await expect(work).rejects.toThrow();
  expect(runs).toBe(1);
});

const nameOf = async (id: string) => {
  const [row] = await app.ctx.db.select().from(organizations).where(eq(organizations.id, id));
  return row?.name;
};

test('a unit inside a unit joins it: both see what the other wrote, and both are there or neither', async () => {
  const id = newId(app.ctx, 'org');
  await inUnit(app.ctx, async (ctx) => {
    await ctx.db.insert(organizations).values({ id, name: 'outer' });
    await inUnit(ctx, async (inner) => {
      expect(inner.db).toBe(ctx.db);
      await inner.db.update(organizations).set({ name: 'inner' }).where(eq(organizations.id, id));
    });
    expect(await nameOf(id)).toBeUndefined();
  });
  expect(await nameOf(id)).toBe('inner');
});

test('a failure of a unit inside a unit undoes everything', async () => {
  const id = newId(app.ctx, 'org');
  const work = inUnit(app.ctx, async (ctx) => {
    await ctx.db.insert(organizations).values({ id, name: 'outer' });
    await inUnit(ctx, async () => {
      throw new Error('inner');
    });
  });
  await expect(work).rejects.toThrow('inner');
  expect(await nameOf(id)).toBeUndefined();
});

test('also when the code between them catches it: half of a unit is never committed', async () => {
  const id = newId(app.ctx, 'org');
  const work = inUnit(app.ctx, async (ctx) => {
    await ctx.db.insert(organizations).values({ id, name: 'outer' });
    await inUnit(ctx, (inner) => inUnit(inner, () => Promise.reject(new Error('innermost')))).catch(() => undefined);
    return 'as if nothing had happened';
  });
  await expect(work).rejects.toThrow('innermost');
  expect(await nameOf(id)).toBeUndefined();
});

test('a unit of work has its connection and no way to another one, nor to the outside', async () => {
  await inUnit(app.ctx, async (ctx) => {
    for (const member of ['sql', 'streams', 'live', 'edge', 'tokens']) expect(ctx).not.toHaveProperty(member);
    expect(ctx.db).not.toBe(app.ctx.db);
    // @ts-expect-error the pool's plain client is not there by type either
    expect(ctx.sql).toBeUndefined();
  });
});
