import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LiveEvent } from '#domain/api/live.ts';
import { completed, resultAt, startTestCore, statusEvent, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createIngest } from '../ingest/consumer.ts';
import { watchFreshness } from './freshness.ts';

let core: TestCore;
let monitor: string;
const live: LiveEvent[] = [];
beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
  core.ctx.live.subscribe((_, event) => live.push(event));
});
afterAll(() => core.close());
beforeEach(async () => {
  live.length = 0;
  monitor = await core.addMonitor();
});

const secondsAgo = (seconds: number) => new Date(Math.floor(Date.now() / 1000 - seconds) * 1000);
const ingest = (...events: unknown[]) => createIngest(core.ctx).handle(events);
const result = (at: Date) => completed(resultAt(monitor, 'eu-west', at));
const status = async () => {
  const [row] = await core.ctx.sql`SELECT status FROM monitor_status WHERE monitor_id = ${monitor}`;
  return row?.status;
};

test('silence makes a monitor unknown, never down; it says so once', async () => {
  await ingest(result(secondsAgo(80)), statusEvent(monitor, 'up', 'pending', secondsAgo(80)));
  live.length = 0;
  expect(await watchFreshness(core.ctx)).toMatchObject([{ monitorId: monitor, status: 'unknown', previous: 'up' }]);
  expect(await watchFreshness(core.ctx)).toEqual([]);
  expect(await status()).toBe('unknown');
  expect(live).toMatchObject([{ type: 'monitor.status', data: { status: 'unknown', previous: 'up' } }]);
});

test('three intervals and a minute are granted', async () => {
  await ingest(result(secondsAgo(70)), statusEvent(monitor, 'up', 'pending', secondsAgo(70)));
  expect(await watchFreshness(core.ctx)).toEqual([]);
});

test('the next result brings back what the edge said last, although it has nothing new to say', async () => {
  await ingest(result(secondsAgo(300)), statusEvent(monitor, 'degraded', 'up', secondsAgo(300)));
  await watchFreshness(core.ctx);
  await ingest(result(secondsAgo(200)));
  expect(await status()).toBe('unknown');
  live.length = 0;
  await ingest(result(secondsAgo(1)));
  expect(await status()).toBe('degraded');
  expect(live).toContainEqual({
    type: 'monitor.status',
    data: expect.objectContaining({ status: 'degraded', previous: 'unknown' }),
  });
});

test('what changed during the silence is told with the results that end it', async () => {
  await ingest(result(secondsAgo(300)), statusEvent(monitor, 'up', 'pending', secondsAgo(300)));
  await watchFreshness(core.ctx);
  await ingest(statusEvent(monitor, 'down', 'up', secondsAgo(200)));
  expect(await status()).toBe('unknown');
  await ingest(result(secondsAgo(2)));
  expect(await status()).toBe('down');
});

test('a monitor that is paused or was never checked is not missed', async () => {
  await ingest(statusEvent(monitor, 'paused', 'pending', secondsAgo(500)));
  await core.addMonitor();
  await core.addMonitor({ enabled: false });
  expect(await watchFreshness(core.ctx)).toEqual([]);
});

test('a monitor whose every slot is missed becomes unknown: nobody has looked', async () => {
  const missed = (reason: string, at: Date) =>
    completed(resultAt(monitor, 'eu-west', at, { outcome: 'error', reason, attempts: 0, responseTimeMs: null }));
  const checkedAt = secondsAgo(120);
  await ingest(result(checkedAt), statusEvent(monitor, 'up', 'pending', checkedAt));
  await ingest(missed('overloaded', secondsAgo(2)), missed('missed_slot', secondsAgo(1)));
  const lastChecks = await core.ctx.sql`
    SELECT last_check_at FROM monitor_status WHERE monitor_id = ${monitor}
    UNION ALL SELECT last_check_at FROM location_status WHERE monitor_id = ${monitor}`;
  expect(lastChecks.map((row) => row.last_check_at)).toEqual([checkedAt, checkedAt]);
  expect(await watchFreshness(core.ctx)).toMatchObject([{ monitorId: monitor, status: 'unknown', previous: 'up' }]);
  await ingest(missed('overloaded', secondsAgo(0)));
  expect(await status()).toBe('unknown');
  await ingest(completed(resultAt(monitor, 'us-east', secondsAgo(0))));
  expect(await status()).toBe('up');
});

test('a status that no check stands behind ends too', async () => {
  await ingest(statusEvent(monitor, 'down', 'pending', secondsAgo(80)));
  expect(await watchFreshness(core.ctx)).toMatchObject([{ monitorId: monitor, status: 'unknown' }]);
});
