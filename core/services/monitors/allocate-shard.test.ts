import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildAssignment } from '#core/publish/assignments.ts';
import { SHARD_MONITORS_MAX } from '#domain/wire/wire.ts';
import { MONITOR } from '#tests/core/sample-objects.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

const PARALLEL = 40;

let app: TestApp;
let browser: Browser;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  browser = await app.signUp('ada@example.com');
});
afterAll(() => app.close());

async function createAtOnce(count: number): Promise<string[]> {
  const create = () => browser.request('POST', '/api/v1/monitors', { body: MONITOR });
  const answers = await Promise.all(Array.from({ length: count }, create));
  expect(answers.filter(({ status }) => status !== 201).map(({ text }) => text)).toEqual([]);
  return answers.map(({ body }) => body.id);
}

/** Places that are taken by count, oldest shard first. */
async function taken(): Promise<number[]> {
  const rows = await app.ctx.db.execute(sql`SELECT monitor_count FROM shards ORDER BY id`);
  return rows.map((row) => Number(row.monitor_count));
}

/** Monitors that are really in each shard, beside its version and the requests to publish it. */
async function shards() {
  const rows = await app.ctx.db.execute(sql`
    SELECT s.id, s.version::int, (SELECT count(*)::int FROM monitors m WHERE m.shard_id = s.id) AS monitors,
           (SELECT requests::int FROM publish_queue q WHERE q.kind = 'assignment' AND q.key = s.id) AS requests
    FROM shards s ORDER BY s.id`);
  return rows as unknown as { id: string; version: number; monitors: number; requests: number }[];
}

test('monitors that are made at once fill one shard, and every one of them counts its version', async () => {
  await createAtOnce(PARALLEL);
  expect(await taken()).toEqual([PARALLEL]);
  const [shard] = await shards();
  expect(shard).toMatchObject({ version: 1 + PARALLEL, monitors: PARALLEL, requests: PARALLEL });
  const assignment = await buildAssignment(app.ctx, shard?.id ?? '');
  expect(assignment).toMatchObject({ version: 1 + PARALLEL });
  expect(assignment?.monitors).toHaveLength(PARALLEL);
});

test.each([0, 1, 7, PARALLEL - 1])(
  'when %i places are left, just so many are filled, and all others share one new shard',
  async (left) => {
    await app.ctx.db.execute(sql`UPDATE shards SET monitor_count = ${SHARD_MONITORS_MAX}`);
    const before = await shards();
    const [oldest] = before;
    await app.ctx.db.execute(
      sql`UPDATE shards SET monitor_count = ${SHARD_MONITORS_MAX - left} WHERE id = ${oldest?.id}`,
    );
    await createAtOnce(PARALLEL);
    expect(await taken()).toEqual([...before.map(() => SHARD_MONITORS_MAX), PARALLEL - left]);
    const after = await shards();
    expect(after[0]?.monitors).toBe((oldest?.monitors ?? 0) + left);
    expect(after.at(-1)).toMatchObject({ monitors: PARALLEL - left, version: 1 + PARALLEL - left });
  },
);

test('a place that is given back is taken again, in the oldest shard that has one', async () => {
  await app.ctx.db.execute(sql`UPDATE shards SET monitor_count = ${SHARD_MONITORS_MAX}`);
  const [oldest] = await shards();
  const rows = await app.ctx.db.execute(sql`SELECT id FROM monitors WHERE shard_id = ${oldest?.id} LIMIT 5`);
  const leave = ({ id }: Record<string, unknown>) => browser.request('DELETE', `/api/v1/monitors/${id}`);
  await Promise.all(rows.map(leave));
  const before = await shards();
  await createAtOnce(rows.length);
  expect(new Set(await taken())).toEqual(new Set([SHARD_MONITORS_MAX]));
  expect((await shards())[0]?.monitors).toBe((before[0]?.monitors ?? 0) + rows.length);
});
