import { type SQL, sql } from 'drizzle-orm';
import { type Column, type Executor, unnest } from '#db/sql/executor.ts';
import { tallyRounds } from '#db/sql/judge-rounds.ts';
import { quantile, type Sketch, sketchOf } from '#domain/figures/sketch.ts';
import type { CoreContext } from '../context.ts';
import { type LocationHour, readLocationHours } from './location-hours.ts';

/** An hour is rolled up this long after its end: what is still on its way then comes as late data. */
const SETTLE_SECONDS = 120;
/** Hours rolled up in one transaction: 20 hours of a 5 s monitor at six locations are 86,400 results. */
const HOURS_PER_TURN = 20;

interface DirtyHour {
  readonly monitorId: string;
  readonly hour: string;
}

/**
 * Rewrites the rollups of some closed dirty hours from raw results; returns how many hours. The whole hour is
 * computed anew, so doing it twice, or again after late data, gives what is true.
 */
export async function rollUpDirtyHours(ctx: Pick<CoreContext, 'db'>): Promise<number> {
  return ctx.db.transaction(async (tx) => {
    const hours = await claim(tx);
    if (hours.length === 0) return 0;
    const dirty = sql`SELECT monitor_id, hour FROM ${unnest(hours, HOUR_COLUMNS)}`;
    await replaceLocations(tx, await readLocationHours(tx, dirty));
    await replaceRounds(tx, dirty);
    await unmark(tx, hours);
    return hours.length;
  });
}

/**
 * Whoever locks a mark computes its hour. A late result that comes meanwhile waits to renew the mark until this
 * transaction has ended, finds it gone, and makes a new one: the hour is computed again.
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
  ['p95_ms', 'float8', (row) => quantile(row.sketch, 0.95)],
  ['sketch', 'text', (row) => JSON.stringify(row.sketch)],
];

async function replaceLocations(tx: Executor, hours: readonly LocationHour[]): Promise<void> {
  if (hours.length === 0) return;
  const rollups = hours.map((hour) => ({ ...hour, sketch: sketchOf(hour.responseTimes) }));
  await tx.execute(sql`
    INSERT INTO rollups_hourly (monitor_id, location, hour, up, down, unknown, avg_ms, min_ms, max_ms, p95_ms, sketch)
    SELECT monitor_id, location, hour, up, down, unknown, avg_ms, min_ms, max_ms, p95_ms, sketch::jsonb
    FROM ${unnest(rollups, ROLLUP_COLUMNS)}
    ON CONFLICT (monitor_id, location, hour) DO UPDATE
    SET up = excluded.up, down = excluded.down, unknown = excluded.unknown, avg_ms = excluded.avg_ms,
        min_ms = excluded.min_ms, max_ms = excluded.max_ms, p95_ms = excluded.p95_ms, sketch = excluded.sketch,
        computed_at = now()`);
}

/** Location '*': the rounds of the hour by their verdict. */
async function replaceRounds(tx: Executor, hours: SQL): Promise<void> {
  await tx.execute(sql`
    INSERT INTO rollups_hourly (monitor_id, location, hour, up, down, unknown, down_seconds)
    SELECT monitor_id, '*', hour, up, down, unknown, down_seconds FROM (${tallyRounds(hours)}) AS rounds
    ON CONFLICT (monitor_id, location, hour) DO UPDATE
    SET up = excluded.up, down = excluded.down, unknown = excluded.unknown, down_seconds = excluded.down_seconds,
        computed_at = now()`);
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
