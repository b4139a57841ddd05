import connect from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#tests/database.ts';
import { migrate } from './migrate.ts';
import { dropPartitions, ensurePartitions, listPartitions, weekOf } from './partitions.ts';

let database: TestDatabase;
let sql: connect.Sql;
const now = new Date('2026-11-22T12:00:00.000Z');
beforeAll(async () => {
  database = await createTestDatabase();
  // One of the processes migrates; the others wait for its lock and find the schema up to date.
  await Promise.all([migrate(database.url, now), migrate(database.url, now), migrate(database.url, now)]);
  sql = connect(database.url, { onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

test.each([
  ['2026-11-22T23:59:59.999Z', '2026w47', '2026-11-16T00:00:00.000Z'],
  ['2026-11-23T00:00:00.000Z', '2026w48', '2026-11-23T00:00:00.000Z'],
  ['2027-01-03T12:00:00.000Z', '2026w53', '2026-12-28T00:00:00.000Z'],
  ['2024-12-30T12:00:00.000Z', '2025w01', '2024-12-30T00:00:00.000Z'],
])('%s belongs to %s', (at, name, from) => {
  expect(weekOf(new Date(at))).toMatchObject({ name, from: new Date(from) });
});

test('last week, this week and the coming ones are there after a migration', async () => {
  const names = (await listPartitions(sql)).map(({ name }) => name);
  const weeks = ['2026w46', '2026w47', '2026w48', '2026w49', '2026w50', '2026w51'];
  expect(names).toEqual(weeks.flatMap((week) => [`check_results_${week}`, `rounds_${week}`]));
});

test('several processes make the same partitions without disturbing each other', async () => {
  const later = new Date('2026-12-31T12:00:00.000Z');
  await Promise.all(Array.from({ length: 5 }, () => ensurePartitions(sql, later, 2)));
  const names = (await listPartitions(sql)).map(({ week }) => week.name);
  expect(names.slice(-6)).toEqual(['2026w53', '2026w53', '2027w01', '2027w01', '2027w02', '2027w02']);
});

test('what is past its time is dropped, also after a crash in the middle', async () => {
  const [oldest, itsRounds, next, nextRounds] = await listPartitions(sql);
  if (oldest === undefined || next === undefined) throw new Error('no partitions');
  expect(await dropPartitions(sql, oldest.week.to)).toEqual([oldest.name, itsRounds?.name]);
  // A crash between the two steps of DETACH CONCURRENTLY leaves this mark.
  await sql`UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = ${next.name}::regclass`;
  expect(await dropPartitions(sql, next.week.to)).toEqual([next.name, nextRounds?.name]);
  const left = (await listPartitions(sql)).map(({ name }) => name);
  expect(left).not.toContain(next.name);
  expect(left).not.toContain(nextRounds?.name);
});
