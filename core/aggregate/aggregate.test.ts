import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Executor } from '#db/sql/executor.ts';
import { lockMonitors } from '#db/sql/lock-monitors.ts';
import { storeRounds } from '#db/sql/store-rounds.ts';
import type { CheckResult } from '#domain/check/result.ts';
import { quantile, sketchOf } from '#domain/figures/sketch.ts';
import type { RoundJudgedEvent } from '#domain/wire/wire.ts';
import { completed, resultAt, roundEvent, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { createIngest } from '../ingest/consumer.ts';
import { keepUp } from './aggregator.ts';
import { readSeries, readUptime, readUptime24h } from './read.ts';
import { rollUpDirtyHours } from './roll-up.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let core: TestCore;
let monitor: string;
beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
});
afterAll(() => core.close());
beforeEach(async () => {
  monitor = await core.addMonitor();
});

/** The start of an hour that ended long ago. */
const hourAgo = (hours: number) => Math.floor(Date.now() / HOUR) * HOUR - hours * HOUR;
const ingest = (results: CheckResult[]) => createIngest(core.ctx).handle(results.map(completed));
const judged = (...events: RoundJudgedEvent[]) => createIngest(core.ctx).handle(events);
const round = (atMs: number, status: RoundJudgedEvent['status'], intervalSeconds = 5) =>
  roundEvent(monitor, status, new Date(atMs), { intervalSeconds });
const rollUpAll = async () => {
  while ((await rollUpDirtyHours(core.ctx)) > 0);
};
const rollups = () => core.ctx.sql`
  SELECT hour, up, down, unknown, up_seconds, down_seconds, unknown_seconds FROM rollups_hourly
  WHERE monitor_id = ${monitor} AND location = '*' ORDER BY hour`;
const days = () => core.ctx.sql`
  SELECT sum(up)::int AS up, sum(down)::int AS down, sum(up_seconds) AS up_seconds, sum(down_seconds) AS down_seconds
  FROM rollups_daily WHERE monitor_id = ${monitor}`;

test('uptime is the time for which verdicts stood; degraded is up, unknown is left out', async () => {
  const hour = hourAgo(3);
  await judged(
    round(hour, 'up'),
    round(hour + 5_000, 'degraded'),
    round(hour + 10_000, 'down'),
    round(hour + 15_000, 'unknown'),
    // A gap follows: a verdict stands for its interval and no longer.
    round(hour + 600_000, 'down', 30),
    // The next round comes early, after a change: the one before it ends there.
    round(hour + 610_000, 'up', 10),
  );
  const expected = { up: 3, down: 2, unknown: 1, up_seconds: 20, down_seconds: 15, unknown_seconds: 5 };
  await rollUpAll();
  expect([...(await rollups())]).toEqual([{ hour: new Date(hour), ...expected }]);
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject({
    uptimePercent: 57.143,
    upRounds: 3,
    downRounds: 2,
    unknownRounds: 1,
    upSeconds: 20,
    downSeconds: 15,
    unknownSeconds: 5,
  });
});

test('rounds whose results have arrived in part, and checks by hand, are not counted: there is no verdict', async () => {
  const failed = { outcome: 'failure', responseTimeMs: null } as const;
  await ingest([
    resultAt(monitor, 'eu-west', new Date(hourAgo(3)), failed),
    resultAt(monitor, 'eu-west', new Date(hourAgo(3) + 1_000), { ...failed, manual: true }),
  ]);
  await rollUpAll();
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject({ uptimePercent: null, downRounds: 0 });
});

test('a change of quorum or interval rewrites no history', async () => {
  const hour = hourAgo(5);
  await judged(round(hour, 'up', 60), round(hour + 60_000, 'down', 60));
  await rollUpAll();
  const before = await readUptime(core.ctx, monitor, '24h');
  await core.ctx.sql`UPDATE monitors SET quorum = 1, interval_seconds = 3600 WHERE id = ${monitor}`;
  await core.ctx.sql`UPDATE dirty_hours SET marked_at = now() WHERE monitor_id = ${monitor}`;
  await core.ctx.sql`INSERT INTO dirty_hours (monitor_id, hour) VALUES (${monitor}, ${new Date(hour)})`;
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject({ uptimePercent: 50, downSeconds: 60 });
  await rollUpAll();
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject({ ...before, to: expect.anything() });
});

test('a verdict that stands for a day is cut at the borders of hours and days', async () => {
  const slot = Math.floor(Date.now() / DAY) * DAY - 3 * DAY + 10.5 * HOUR;
  await judged(round(slot, 'up', 86_400), round(slot + DAY, 'down', 86_400));
  await rollUpAll();
  const rows = await rollups();
  expect(rows).toHaveLength(49);
  expect([rows[0]?.up_seconds, rows[1]?.up_seconds, rows[24]?.up_seconds, rows[24]?.down_seconds]).toEqual([
    1800, 3600, 1800, 1800,
  ]);
  const uptime = await readUptime(core.ctx, monitor, '7d');
  expect(uptime).toMatchObject({ uptimePercent: 50, upRounds: 1, downRounds: 1, upSeconds: 86_400 });
  expect(uptime.days.slice(-4).map(({ downSeconds }) => downSeconds)).toEqual([0, 13.5 * 3600, 10.5 * 3600, 0]);
});

test('rolling up again changes nothing; late rounds are counted, and end the verdict before them', async () => {
  const hour = hourAgo(4);
  await judged(round(hour, 'up', 7_200));
  await rollUpAll();
  const first = await rollups();
  expect(first.map((row) => row.up_seconds)).toEqual([3600, 3600]);
  await core.ctx.sql`INSERT INTO dirty_hours (monitor_id, hour) VALUES (${monitor}, ${new Date(hour)})`;
  await Promise.all([rollUpDirtyHours(core.ctx), rollUpDirtyHours(core.ctx)]);
  expect(await rollups()).toEqual(first);
  // Ten seconds down, where the older verdict alone would have stood for nearly two hours.
  await judged(round(hour + 60_000, 'down', 10));
  const counted = { upSeconds: 60, downSeconds: 10, upRounds: 1, downRounds: 1 };
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject(counted);
  await rollUpAll();
  expect((await rollups()).map((row) => [row.up_seconds, row.down_seconds])).toEqual([[60, 10]]);
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject(counted);
  expect((await days())[0]).toEqual({ up: 1, down: 1, up_seconds: 60, down_seconds: 10 });
});

test('what arrives while its hour is rolled up brings the hour back', async () => {
  const hour = hourAgo(5);
  await judged(round(hour, 'up'));
  const late = judged(round(hour + 5_000, 'up'));
  await Promise.all([rollUpDirtyHours(core.ctx), late]);
  await rollUpAll();
  expect((await rollups()).map((row) => row.up)).toEqual([2]);
});

test('hours of one day that several processes roll up at once add up to the day', async () => {
  const start = Math.floor(Date.now() / DAY) * DAY - 2 * DAY;
  const hours = Array.from({ length: 24 }, (_, n) => start + n * HOUR);
  for (let again = 0; again < 3; again++) {
    // In reverse order, so that concurrent turns meet on the day's row from both sides.
    await judged(...hours.toReversed().map((hour) => round(hour + again * 5_000, again === 1 ? 'down' : 'up')));
    await Promise.all(Array.from({ length: 4 }, () => rollUpDirtyHours(core.ctx)));
  }
  await rollUpAll();
  expect((await days())[0]).toEqual({ up: 48, down: 24, up_seconds: 240, down_seconds: 120 });
});

test('of two batches with rounds of one monitor the second waits for the first, and marks what it changes of it', async () => {
  const hour = hourAgo(30);
  const marks = (db: Executor) =>
    db.execute(sql`SELECT hour, marked_at FROM dirty_hours WHERE monitor_id = ${monitor} ORDER BY hour`);
  let second = Promise.resolve();
  const before = await core.ctx.db.transaction(async (first) => {
    await lockMonitors(first, [monitor]);
    await storeRounds(first, [round(hour, 'up', 86_400)]);
    second = judged(round(hour + 60_000, 'down'));
    await eventually('the second batch waits', async () => {
      const waiting = await core.ctx.sql`
        SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return waiting.length > 0;
    });
    return marks(first);
  });
  await second;
  const after = await marks(core.ctx.db);
  expect(after.map((row) => row.hour)).toEqual(before.map((row) => row.hour));
  // An hour rolled up between the two batches would otherwise keep the figures of the first batch alone.
  expect(after.filter((row, n) => row.marked_at === before[n]?.marked_at)).toEqual([]);
  await rollUpAll();
  expect((await rollups()).map((row) => [row.up_seconds, row.down_seconds])).toEqual([[60, 5]]);
});

test('the hour that is still running is counted from its rounds until now, and not rolled up', async () => {
  const now = Math.floor(Date.now() / 1000) * 1000;
  // Both rounds began within the last two minutes, and the second one still stands.
  await judged(round(now - 100_000, 'up', 50), round(now - 50_000, 'down', 86_400));
  await rollUpAll();
  const { upSeconds, downSeconds } = await readUptime(core.ctx, monitor, '24h');
  expect(upSeconds).toBe(50);
  expect(downSeconds).toBeGreaterThanOrEqual(50);
  expect(downSeconds).toBeLessThan(3600);
  const rows = await core.ctx.sql`
    SELECT 1 FROM rollups_hourly WHERE monitor_id = ${monitor} AND hour = date_trunc('hour', now(), 'UTC')`;
  expect(rows).toHaveLength(0);
  const figures = await readUptime24h(core.ctx, [monitor, 'mon_none']);
  expect(figures.get(monitor)?.uptimePercent).toBeLessThanOrEqual(50);
  expect(figures.get('mon_none')).toMatchObject({ uptimePercent: null, since: null });
});

test('the first figure of a new monitor is shown as soon as it can be counted', async () => {
  const figure = async () => (await readUptime24h(core.ctx, [monitor])).get(monitor)?.uptimePercent;
  expect(await figure()).toBeNull();
  await judged(round(Math.floor(Date.now() / 1000) * 1000 - 1_000, 'up'));
  core.advance(4_000);
  expect(await figure()).toBe(100);
});

test.each(['24h', '7d', '30d', '90d'] as const)('%s that verdicts do not cover say since when', async (window) => {
  const days = Number.parseInt(window, 10) === 24 ? 1 : Number.parseInt(window, 10);
  const since = async () => (await readUptime(core.ctx, monitor, window)).since;
  expect(await since()).toBeNull();
  // Ten minutes past the hour, in the middle of the window.
  const first = hourAgo(days * 12) + 10 * 60_000;
  await judged(round(first, 'up', 60), round(first + 60_000, 'down', 60));
  expect(await since()).toBe(new Date(first).toISOString());
  await rollUpAll();
  expect(await since()).toBe(new Date(first).toISOString());
  // A round that ended long before its hour does not reach into it; one that stands for a day does.
  await judged(round(first - 15 * 60_000, 'unknown', 60));
  expect(await since()).toBe(new Date(first - 15 * 60_000).toISOString());
  // Verdicts of more than 84 days ago are not stored.
  if (window === '90d') return;
  await judged(round(hourAgo(days * 24) - 2 * HOUR, 'up', 86_400));
  await rollUpAll();
  expect(await since()).toBeNull();
});

test('a window that begins a few minutes before the first verdict counts as covered', async () => {
  const at = (minutesLate: number) => Date.now() - DAY + minutesLate * 60_000;
  await judged(round(at(20), 'up', 60));
  expect((await readUptime(core.ctx, monitor, '24h')).since).not.toBeNull();
  await judged(round(at(10), 'up', 60));
  expect((await readUptime(core.ctx, monitor, '24h')).since).toBeNull();
});

test('days and their window are the same time', async () => {
  const start = Math.floor(Date.now() / DAY) * DAY - 3 * DAY;
  await judged(
    round(start, 'up', 86_400),
    round(start + 3 * HOUR, 'down', 900),
    round(start + 3 * HOUR + 900_000, 'up', 86_400),
  );
  for (const rolledUp of [false, true]) {
    if (rolledUp) await rollUpAll();
    const uptime = await readUptime(core.ctx, monitor, '7d');
    const downSeconds = uptime.days.reduce((sum, day) => sum + day.downSeconds, 0);
    expect(downSeconds).toBe(uptime.downSeconds);
    const [whole, part] = uptime.days.filter((day) => day.uptimePercent !== null);
    // A whole day: 15 minutes of 24 hours. The day after was measured for three hours and a quarter.
    expect(whole).toEqual({ date: expect.any(String), uptimePercent: 98.958, downSeconds: 900 });
    expect(part).toEqual({ date: expect.any(String), uptimePercent: 100, downSeconds: 0, measuredSeconds: 11_700 });
  }
});

test('a series of a short range comes from results, and a gap is a gap', async () => {
  const from = hourAgo(2);
  const times = [10, 20, 30, 40];
  await ingest(times.map((ms, n) => resultAt(monitor, 'eu-west', new Date(from + n * 5_000), { responseTimeMs: ms })));
  await ingest([resultAt(monitor, 'eu-west', new Date(from + 120_000), { outcome: 'timeout', responseTimeMs: 1000 })]);
  const query = { from: new Date(from), to: new Date(from + 300_000), step: 60 };
  const series = await readSeries(core.ctx, monitor, query);
  expect(series).toMatchObject({ source: 'results', stepSeconds: 60 });
  expect(series.locations).toEqual([
    {
      id: 'eu-west',
      points: [
        {
          at: new Date(from).toISOString(),
          avg: 25,
          min: 10,
          max: 40,
          p50: 25,
          p95: 38.5,
          p99: expect.closeTo(39.7),
          success: 4,
          failure: 0,
          error: 0,
        },
        {
          at: new Date(from + 120_000).toISOString(),
          avg: null,
          min: null,
          max: null,
          p50: null,
          p95: null,
          p99: null,
          success: 0,
          failure: 1,
          error: 0,
        },
      ],
    },
  ]);
});

test('a series of a long range merges sketches: percentiles are those of all results, to one percent', async () => {
  const times = Array.from({ length: 400 }, (_, n) => 10 + ((n * 7919) % 1000));
  const results = times.map((responseTimeMs, n) =>
    resultAt(monitor, 'eu-west', new Date(hourAgo(6) + (n % 3) * HOUR + n * 5_000), { responseTimeMs }),
  );
  await ingest(results);
  await rollUpAll();
  // One more hour that is dirty still belongs to the whole.
  const late = [500, 600].map((responseTimeMs, n) =>
    resultAt(monitor, 'eu-west', new Date(hourAgo(3) + n * 5_000), { responseTimeMs }),
  );
  await ingest(late);
  const query = { from: new Date(Date.now() - 5 * DAY), to: new Date(Date.now() + DAY), step: 86_400 };
  const series = await readSeries(core.ctx, monitor, query);
  expect(series).toMatchObject({ source: 'rollups', stepSeconds: 86_400 });
  const points = series.locations.flatMap((location) => location.points);
  expect(points.reduce((sum, point) => sum + point.success, 0)).toBe(402);
  if (points.length === 1) {
    const all = [...times, 500, 600].sort((a, b) => a - b);
    expect(points[0]?.p50).toBe(quantile(sketchOf(all), 0.5));
    expect(points[0]?.max).toBe(Math.max(...all));
  }
});

test('a rollup of another version is not read as one of ours', async () => {
  await ingest([resultAt(monitor, 'eu-west', new Date(hourAgo(30)))]);
  await rollUpAll();
  await core.ctx.sql`UPDATE rollups_hourly SET sketch = '{"v": 2}' WHERE monitor_id = ${monitor} AND location <> '*'`;
  const query = { from: new Date(hourAgo(48)), to: new Date(), step: 60 };
  await expect(readSeries(core.ctx, monitor, query)).rejects.toThrow('version 2');
});

test('results and rounds past 90 days go with their partitions; what has expired goes too', async () => {
  const past = new Date(Date.now() - 80 * 24 * HOUR);
  await ingest([resultAt(monitor, 'eu-west', past)]);
  await judged(round(past.getTime(), 'up'));
  await core.ctx.sql`INSERT INTO service_token_uses (jti, expires_at) VALUES ('old', now() - interval '1 minute')`;
  await core.ctx.sql`INSERT INTO service_token_uses (jti, expires_at) VALUES ('new', now() + interval '1 minute')`;
  const now = () => new Date(Date.now() + 20 * 24 * HOUR);
  const counted = async () =>
    (
      await core.ctx.sql`
    SELECT 1 FROM check_results WHERE monitor_id = ${monitor}
    UNION ALL SELECT 1 FROM rounds WHERE monitor_id = ${monitor}`
    ).count;
  await keepUp(core.ctx);
  expect(await counted()).toBe(2);
  expect((await core.ctx.sql`SELECT jti FROM service_token_uses`).map((row) => row.jti)).toEqual(['new']);
  await keepUp({ ...core.ctx, clock: { ...core.ctx.clock, now } });
  expect(await counted()).toBe(0);
});
