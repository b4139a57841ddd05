import connect, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#tests/database.ts';
import { countIntervals, countSlots } from './slots.ts';

const FROM = Date.parse('2026-01-01T00:00:00.000Z');
const GRID = { monitorIds: ['a', 'b'], locations: 1, intervalSeconds: 5 };
const seconds = (count: number) => new Date(FROM + count * 1000);

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = connect(database.url, { max: 1, onnotice: () => {} });
  await sql`CREATE TABLE check_results (monitor_id text, location text, scheduled_at timestamptz, started_at timestamptz,
    manual boolean, outcome text, reason text)`;
  const store = (monitor: string, at: number, lateMs: number, outcome: string, reason: string | null, manual = false) =>
    sql`INSERT INTO check_results VALUES (${monitor}, 'eu-west', ${seconds(at)}, ${new Date(FROM + at * 1000 + lateMs)},
      ${manual}, ${outcome}, ${reason})`;
  await store('a', 1, 100, 'success', null);
  await store('a', 2, 100, 'success', null, true);
  await store('a', 6, 300, 'timeout', 'timeout');
  await store('b', 3, 9000, 'error', 'missed_slot');
  await store('b', 8, 9000, 'error', 'overloaded');
  await store('a', 11, 50, 'success', null);
  await store('b', 13, 70, 'success', null);
  await store('elsewhere', 3, 0, 'success', null);
});

afterAll(async () => {
  await sql.end();
  await database.drop();
});

it('counts due, completed, missed and failed slots, and the lateness of completed ones', async () => {
  expect(await countSlots(sql, GRID, seconds(0), seconds(15))).toEqual({
    due: 6,
    stored: 6,
    completed: 4,
    missed: 2,
    failed: 1,
    notStored: 0,
    lateP50Ms: 85,
    lateP99Ms: 294,
    lateMaxMs: 300,
  });
});

it('counts slots that were not stored', async () => {
  expect(await countSlots(sql, GRID, seconds(0), seconds(20))).toMatchObject({ due: 8, stored: 6, notStored: 2 });
});

it('counts each interval by itself', async () => {
  const intervals = await countIntervals(sql, GRID, seconds(0), seconds(15));
  expect(intervals.map(({ index, succeeded }) => ({ index, succeeded }))).toEqual([
    { index: 0, succeeded: 1 },
    { index: 1, succeeded: 0 },
    { index: 2, succeeded: 2 },
  ]);
});
