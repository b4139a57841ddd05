import { type SQL, sql } from 'drizzle-orm';
import { array, type Column, type Executor, unnest } from '#db/sql/executor.ts';
import { type Sketch, sketchOf } from '#domain/figures/sketch.ts';
import { startOfUtcDay } from '#domain/figures/uptime.ts';
import type { CoreContext } from '../context.ts';
import { inUnit } from '../unit-of-work.ts';
import { type LocationHour, readLocationHours } from './location-hours.ts';
import { verdictSeconds } from './verdict-seconds.ts';

/** An hour is rolled up this long after its end. Results that arrive later count as late data. */
const SETTLE_SECONDS = 120;
/** Most hours rolled up in one transaction: 20 hours of a 5 s monitor at six locations have 86,400 results. */
const HOURS_PER_TURN = 20;

interface DirtyHour {
  readonly monitorId: string;
  readonly hour: string;
}

/**
 * Rewrites the rollups of some closed dirty hours, and of their days, from raw results and stored verdicts; returns the
 * number of hours. Each hour is computed as a whole, so a repetition, or late data, gives correct figures.
 */
export async function rollUpDirtyHours(ctx: CoreContext): Promise<number> {
  return inUnit(ctx, async ({ db: tx }) => {
    const hours = await claim(tx);
    if (hours.length === 0) return 0;
    const dirty = sql`SELECT monitor_id, hour FROM ${unnest(hours, HOUR_COLUMNS)}`;
    await replaceLocations(tx, await readLocationHours(tx, dirty));
    await replaceRounds(tx, dirty);
    await replaceDays(tx, hours);
    await unmark(tx, hours);
    return hours.length;
  });
}

/**
 * Claims dirty hours by locking and deleting their marks. A late result waits for this transaction when it renews such
 * a mark, finds the mark deleted, and inserts a new one: the hour is computed again.
 */
async function claim(tx: Executor): Promise<DirtyHour[]> {
  const rows = await tx.execute(sql`
    SELECT monitor_id, hour FROM dirty_hours
    WHERE hour + interval '1 hour' + ${SETTLE_SECONDS} * interval '1 second' <= now()
    ORDER BY hour LIMIT ${HOURS_PER_TURN} FOR UPDATE SKIP LOCKED`);
  return rows.map((row) => ({
    monitorId: row.monitor_id as string,
    hour: row.hour as string,
  }));
}

const HOUR_COLUMNS: readonly Column<DirtyHour>[] = [
  ['monitor_id', 'text', (hour) => hour.monitorId],
  ['hour', 'timestamptz', (hour) => hour.hour],
];

interface LocationRollup extends LocationHour {
  readonly sketch: Sketch;
}

const ROLLUP_COLUMNS: readonly Column<LocationRollup>[] = [
  ['monitor_id', 'text', (row) => row.monitorId],
  ['location', 'text', (row) => row.location],
  ['hour', 'timestamptz', (row) => row.hour],
  ['up', 'int4', (row) => row.up],
  ['down', 'int4', (row) => row.down],
  ['unknown', 'int4', (row) => row.unknown],
  ['avg_ms', 'float8', (row) => average(row.responseTimes)],
  ['min_ms', 'float8', (row) => extreme(row.responseTimes, Math.min)],
  ['max_ms', 'float8', (row) => extreme(row.responseTimes, Math.max)],
  ['sketch', 'text', (row) => JSON.stringify(row.sketch)],
];

async function replaceLocations(tx: Executor, hours: readonly LocationHour[]): Promise<void> {
  if (hours.length === 0) return;
  const rollups = hours.map((hour) => ({ ...hour, sketch: sketchOf(hour.responseTimes) }));
  await tx.execute(sql`
    INSERT INTO rollups_hourly (monitor_id, location, hour, up, down, unknown, avg_ms, min_ms, max_ms, sketch)
    SELECT monitor_id, location, hour, up, down, unknown, avg_ms, min_ms, max_ms, sketch::jsonb
    FROM ${unnest(rollups, ROLLUP_COLUMNS)}
    ON CONFLICT (monitor_id, location, hour) DO UPDATE
    SET up = excluded.up, down = excluded.down, unknown = excluded.unknown, avg_ms = excluded.avg_ms,
        min_ms = excluded.min_ms, max_ms = excluded.max_ms, sketch = excluded.sketch`);
}

/**
 * Location '*': the verdicts of the hour. The row of an hour without any verdict is deleted, except one that was
 * carried over from a version without stored verdicts.
 */
async function replaceRounds(tx: Executor, hours: SQL): Promise<void> {
  await tx.execute(sql`
    DELETE FROM rollups_hourly r USING (${hours}) AS h
    WHERE r.monitor_id = h.monitor_id AND r.location = '*' AND r.hour = h.hour AND NOT r.carried_over`);
  await tx.execute(sql`
    INSERT INTO rollups_hourly (monitor_id, location, hour, up, down, unknown, up_seconds, down_seconds, unknown_seconds)
    SELECT monitor_id, '*', hour, up, down, unknown, up_seconds, down_seconds, unknown_seconds
    FROM (${verdictSeconds(hours, sql`'infinity'`)}) AS verdicts
    ON CONFLICT DO NOTHING`);
}

const DAY_COLUMNS: readonly Column<{ monitorId: string; day: string }>[] = [
  ['monitor_id', 'text', (row) => row.monitorId],
  ['day', 'timestamptz', (row) => row.day],
];

/**
 * Rewrites the days of these hours from all their hours. Two concurrent turns may have hours of one day: each locks the
 * day's row before it reads the hours, so the second turn reads what the first has written.
 */
async function replaceDays(tx: Executor, hours: readonly DirtyHour[]): Promise<void> {
  const monitorIds = [...new Set(hours.map(({ monitorId }) => monitorId))];
  // The same lock order as a deletion, which locks the monitor before its days.
  const rows = await tx.execute(sql`
    SELECT id FROM monitors WHERE id = ANY(${array(monitorIds, 'text')}) ORDER BY id FOR KEY SHARE`);
  const known = new Set(rows.map((row) => row.id as string));
  const keys = new Set(
    hours.filter(({ monitorId }) => known.has(monitorId)).map(({ monitorId, hour }) => `${monitorId} ${dayOf(hour)}`),
  );
  if (keys.size === 0) return;
  const days = [...keys].map((key) => {
    const [monitorId = '', day = ''] = key.split(' ');
    return { monitorId, day };
  });
  await tx.execute(sql`
    INSERT INTO rollups_daily (monitor_id, day)
    SELECT monitor_id, day FROM ${unnest(days, DAY_COLUMNS)} ORDER BY monitor_id, day
    ON CONFLICT (monitor_id, day) DO UPDATE SET day = excluded.day`);
  await tx.execute(sql`
    UPDATE rollups_daily d
    SET up = total.up, down = total.down, unknown = total.unknown, up_seconds = total.up_seconds,
        down_seconds = total.down_seconds, unknown_seconds = total.unknown_seconds
    FROM (
      SELECT row.monitor_id, row.day, coalesce(sum(up), 0) AS up, coalesce(sum(down), 0) AS down,
             coalesce(sum(unknown), 0) AS unknown, coalesce(sum(up_seconds), 0) AS up_seconds,
             coalesce(sum(down_seconds), 0) AS down_seconds, coalesce(sum(unknown_seconds), 0) AS unknown_seconds
      FROM ${unnest(days, DAY_COLUMNS)}
      LEFT JOIN rollups_hourly r ON r.monitor_id = row.monitor_id AND r.location = '*'
        AND r.hour >= row.day AND r.hour < row.day + interval '1 day'
      GROUP BY row.monitor_id, row.day
    ) AS total
    WHERE d.monitor_id = total.monitor_id AND d.day = total.day`);
}

function dayOf(hour: string): string {
  return new Date(startOfUtcDay(Date.parse(hour))).toISOString();
}

async function unmark(tx: Executor, hours: readonly DirtyHour[]): Promise<void> {
  await tx.execute(sql`
    DELETE FROM dirty_hours d USING ${unnest(hours, HOUR_COLUMNS)}
    WHERE d.monitor_id = row.monitor_id AND d.hour = row.hour`);
}

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function extreme(values: readonly number[], pick: (a: number, b: number) => number): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => pick(a, b));
}
