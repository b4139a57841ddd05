import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { judgedRounds } from '#db/sql/judge-rounds.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { CheckResult, OutcomeKind } from '#domain/check/result.ts';
import { quantile, sketchOf } from '#domain/figures/sketch.ts';
import { judgeRound } from '#domain/watch/quorum.ts';
import { completed, resultAt, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createIngest } from '../ingest/consumer.ts';
import { keepUp } from './aggregator.ts';
import { readSeries, readUptime, readUptime24h } from './read.ts';
import { rollUpDirtyHours } from './roll-up.ts';

const HOUR = 3_600_000;
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
/** One round: the named locations fail, the others answer. */
const round = (atMs: number, failing: readonly LocationId[], changes: Partial<CheckResult> = {}) =>
  LOCATION_IDS.map((location) =>
    resultAt(monitor, location, new Date(atMs), {
      ...(failing.includes(location) ? { outcome: 'failure', responseTimeMs: null } : {}),
      ...changes,
    }),
  );
const rollUpAll = async () => {
  while ((await rollUpDirtyHours(core.ctx)) > 0);
};
const rollup = async (location = '*') => {
  const [row] = await core.ctx.sql`
    SELECT up, down, unknown, down_seconds, avg_ms, min_ms, max_ms, p95_ms, sketch FROM rollups_hourly
    WHERE monitor_id = ${monitor} AND location = ${location}`;
  return row;
};

test('rounds are judged by quorum: one failing location is not downtime, four are', async () => {
  const hour = hourAgo(3);
  await ingest([
    ...round(hour, []),
    ...round(hour + 5_000, ['eu-west']),
    ...round(hour + 10_000, ['eu-west', 'us-east', 'us-west', 'sa-east']),
    ...round(hour + 15_000, LOCATION_IDS),
    ...round(hour + 20_000, [], { outcome: 'error', reason: 'missed_slot', responseTimeMs: null }),
    ...round(hour + 21_000, LOCATION_IDS, { manual: true }),
  ]);
  await rollUpAll();
  expect(await rollup()).toMatchObject({ up: 2, down: 2, unknown: 1, down_seconds: 10 });
  expect(await rollup('eu-west')).toMatchObject({ up: 1, down: 4, unknown: 1 });
  const uptime = await readUptime(core.ctx, monitor, '24h');
  expect(uptime).toMatchObject({ uptimePercent: 50, upRounds: 2, downRounds: 2, unknownRounds: 1 });
});

test('a quorum of its own decides', async () => {
  monitor = await core.addMonitor({ quorum: 1 });
  await ingest([...round(hourAgo(3), ['sa-east']), ...round(hourAgo(3) + 5_000, [])]);
  await rollUpAll();
  expect(await rollup()).toMatchObject({ up: 1, down: 1 });
});

test('SQL judges every possible round as domain/watch/quorum.ts does', async () => {
  const outcomes = ['success', 'failure', 'error'] as const;
  const rounds: { outcomes: Map<LocationId, OutcomeKind>; atMs: number }[] = [];
  for (let size = 1; size <= LOCATION_IDS.length; size++) {
    for (let failures = 0; failures <= size; failures++) {
      for (let errors = 0; failures + errors <= size; errors++) {
        const kinds = LOCATION_IDS.slice(0, size).map(
          (location, index) => [location, outcomes[index < failures ? 1 : index < failures + errors ? 2 : 0]] as const,
        );
        rounds.push({
          outcomes: new Map(kinds.map(([location, kind]) => [location, kind ?? 'error'])),
          atMs: hourAgo(3) + rounds.length * 5_000,
        });
      }
    }
  }
  for (const quorum of [null, 1, 2, 3, 4, 5, 6]) {
    const id = await core.addMonitor(quorum === null ? {} : { quorum });
    await ingest(
      rounds.flatMap((one) =>
        [...one.outcomes].map(([location, outcome]) => resultAt(id, location, new Date(one.atMs), { outcome })),
      ),
    );
    const hours = sql`SELECT ${id}::text AS monitor_id, ${new Date(hourAgo(3)).toISOString()}::timestamptz AS hour`;
    const judged = await core.ctx.db.execute(
      sql`SELECT verdict FROM (${judgedRounds(hours)}) AS j ORDER BY scheduled_at`,
    );
    const expected = rounds.map((one) => {
      const verdict = judgeRound({ asked: [...one.outcomes.keys()], dark: [], quorum, outcomes: one.outcomes });
      return verdict?.status === 'degraded' ? 'up' : verdict?.status;
    });
    expect(judged.map((row) => row.verdict)).toEqual(expected);
  }
});

test('rolling up again changes nothing; late results are counted', async () => {
  const hour = hourAgo(4);
  await ingest(round(hour, []));
  await rollUpAll();
  const first = await rollup();
  await core.ctx.sql`INSERT INTO dirty_hours (monitor_id, hour) VALUES (${monitor}, ${new Date(hour)})`;
  await Promise.all([rollUpDirtyHours(core.ctx), rollUpDirtyHours(core.ctx)]);
  expect(await rollup()).toEqual(first);
  await ingest(round(hour + 5_000, LOCATION_IDS));
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject({ upRounds: 1, downRounds: 1 });
  await rollUpAll();
  expect(await rollup()).toMatchObject({ up: 1, down: 1 });
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject({ upRounds: 1, downRounds: 1 });
});

test('a result that arrives while its hour is rolled up brings the hour back', async () => {
  const hour = hourAgo(5);
  await ingest(round(hour, []));
  const late = ingest(round(hour + 5_000, []));
  await Promise.all([rollUpDirtyHours(core.ctx), late]);
  await rollUpAll();
  expect(await rollup()).toMatchObject({ up: 2 });
});

test('the hour that is still running is counted from its results, and not rolled up', async () => {
  const now = Math.floor(Date.now() / 1000) * 1000;
  await ingest([...round(now - 2_000, []), ...round(now - 1_000, LOCATION_IDS)]);
  await rollUpAll();
  expect(await readUptime(core.ctx, monitor, '24h')).toMatchObject({ upRounds: 1, downRounds: 1 });
  expect(await readUptime24h(core.ctx, [monitor, 'mon_none'])).toEqual(
    new Map([
      [monitor, 50],
      ['mon_none', null],
    ]),
  );
});

test('the first figure of a new monitor is shown as soon as it can be counted', async () => {
  const figure = async () => (await readUptime24h(core.ctx, [monitor])).get(monitor);
  expect(await figure()).toBeNull();
  await ingest(round(Math.floor(Date.now() / 1000) * 1000 - 1_000, []));
  core.advance(4_000);
  expect(await figure()).toBe(100);
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
  const day = 24 * HOUR;
  const query = { from: new Date(Date.now() - 5 * day), to: new Date(Date.now() + day), step: 86_400 };
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

test('raw results past 90 days go with their partitions; what has expired goes too', async () => {
  const past = new Date(Date.now() - 80 * 24 * HOUR);
  await ingest([resultAt(monitor, 'eu-west', past)]);
  await core.ctx.sql`INSERT INTO service_token_uses (jti, expires_at) VALUES ('old', now() - interval '1 minute')`;
  await core.ctx.sql`INSERT INTO service_token_uses (jti, expires_at) VALUES ('new', now() + interval '1 minute')`;
  const now = () => new Date(Date.now() + 20 * 24 * HOUR);
  const counted = async () => (await core.ctx.sql`SELECT 1 FROM check_results WHERE monitor_id = ${monitor}`).count;
  await keepUp(core.ctx);
  expect(await counted()).toBe(1);
  expect((await core.ctx.sql`SELECT jti FROM service_token_uses`).map((row) => row.jti)).toEqual(['new']);
  await keepUp({ ...core.ctx, clock: { ...core.ctx.clock, now } });
  expect(await counted()).toBe(0);
});
