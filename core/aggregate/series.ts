import { sql } from 'drizzle-orm';
import type { Series } from '#domain/api/monitor.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { mergeSketches, quantile, type Sketch, sketchCount, sketchOf } from '#domain/figures/sketch.ts';
import type { CoreContext } from '../context.ts';
import { readLocationHours } from './location-hours.ts';

type Point = Series['locations'][number]['points'][number];
type PointsByLocation = Map<LocationId, Point[]>;

const HOUR_SECONDS = 3_600;
/**
 * Longest range read from raw results: a day of a 5 s monitor at six locations has 104,000 rows, read in a fifth of a
 * second.
 */
const RAW_RANGE_MAX_MS = DAY_MS;
/** Step lengths that are easy to read on a time axis. */
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/** Response times and results by location, in steps of about `step` seconds. A step without results has no point. */
export async function readSeries(
  ctx: Pick<CoreContext, 'db'>,
  monitorId: string,
  { from, to, step }: { from: Date; to: Date; step: number },
): Promise<Series> {
  const source = to.getTime() - from.getTime() <= RAW_RANGE_MAX_MS ? 'results' : 'rollups';
  const stepSeconds = stepOf(step, source);
  const read = source === 'results' ? fromResults : fromRollups;
  const points = await read(ctx, monitorId, from, to, stepSeconds);
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    stepSeconds,
    source,
    locations: LOCATION_IDS.flatMap((id) => {
      const found = points.get(id);
      return found === undefined ? [] : [{ id, points: found }];
    }),
  };
}

/** The next longer of STEPS, at least an hour for rollups. */
function stepOf(wanted: number, source: Series['source']): number {
  const smallest = source === 'rollups' ? Math.max(wanted, HOUR_SECONDS) : wanted;
  return STEPS.find((step) => step >= smallest) ?? wanted;
}

async function fromResults(
  ctx: Pick<CoreContext, 'db'>,
  monitorId: string,
  from: Date,
  to: Date,
  step: number,
): Promise<PointsByLocation> {
  const answered = sql`(WHERE outcome = 'success')`;
  const rows = await ctx.db.execute(sql`
    SELECT location, floor(extract(epoch FROM scheduled_at) / ${step}::int) * ${step}::int AS at,
           avg(response_time_ms) FILTER ${answered} AS avg,
           min(response_time_ms) FILTER ${answered} AS min,
           max(response_time_ms) FILTER ${answered} AS max,
           percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY response_time_ms) FILTER ${answered} AS percentiles,
           (count(*) FILTER ${answered})::int AS success,
           (count(*) FILTER (WHERE outcome IN ('failure', 'timeout')))::int AS failure,
           (count(*) FILTER (WHERE outcome = 'error'))::int AS error
    FROM check_results
    WHERE monitor_id = ${monitorId}
      AND scheduled_at >= ${from.toISOString()}::timestamptz AND scheduled_at < ${to.toISOString()}::timestamptz
    GROUP BY 1, 2 ORDER BY 1, 2`);
  const points: PointsByLocation = new Map();
  for (const row of rows) {
    const [p50 = null, p95 = null, p99 = null] = (row.percentiles as (number | null)[] | null) ?? [];
    const { avg, min, max, success, failure, error } = row as unknown as Point;
    const at = new Date(Number(row.at) * 1000).toISOString();
    add(points, row.location as LocationId, { at, avg, min, max, p50, p95, p99, success, failure, error });
  }
  return points;
}

interface HourOfLocation {
  readonly location: LocationId;
  readonly atMs: number;
  readonly success: number;
  readonly failure: number;
  readonly error: number;
  readonly avg: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly sketch: Sketch;
}

async function fromRollups(
  ctx: Pick<CoreContext, 'db'>,
  monitorId: string,
  from: Date,
  to: Date,
  step: number,
): Promise<PointsByLocation> {
  const hours = await readHours(ctx, monitorId, from, to);
  const steps = Map.groupBy(hours, (hour) => {
    const startMs = Math.floor(hour.atMs / (step * 1000)) * step * 1000;
    return `${hour.location} ${new Date(startMs).toISOString()}`;
  });
  const points: PointsByLocation = new Map();
  for (const [key, members] of [...steps].sort(([a], [b]) => a.localeCompare(b))) {
    const [location = '', at = ''] = key.split(' ');
    add(points, location as LocationId, merged(at, members));
  }
  return points;
}

/** Rolled-up hours from the rollups; hours without a rollup yet from raw results. */
async function readHours(
  ctx: Pick<CoreContext, 'db'>,
  monitorId: string,
  from: Date,
  to: Date,
): Promise<HourOfLocation[]> {
  const which = sql`monitor_id = ${monitorId} AND hour > ${from.toISOString()}::timestamptz - interval '1 hour'
    AND hour < ${to.toISOString()}::timestamptz`;
  const rows = await ctx.db.execute(sql`
    SELECT location, hour, up, down, unknown, avg_ms, min_ms, max_ms, sketch FROM rollups_hourly r
    WHERE ${which} AND location <> '*'
      AND NOT EXISTS (SELECT 1 FROM dirty_hours d WHERE d.monitor_id = r.monitor_id AND d.hour = r.hour)`);
  const rolledUp = rows.map(
    (row): HourOfLocation => ({
      location: row.location as LocationId,
      atMs: Date.parse(row.hour as string),
      success: row.up as number,
      failure: row.down as number,
      error: row.unknown as number,
      avg: row.avg_ms as number | null,
      min: row.min_ms as number | null,
      max: row.max_ms as number | null,
      sketch: storedSketch(row.sketch),
    }),
  );
  const raw = await readLocationHours(ctx.db, sql`SELECT monitor_id, hour FROM dirty_hours WHERE ${which}`);
  return [...rolledUp, ...raw.map(hourOfRaw)];
}

/**
 * A sketch as this version stores it. Only its version is checked: roll-up.ts wrote the column, and validating each bin
 * of 13,000 hours (90 days of six locations) took most of the time of a series.
 */
function storedSketch(stored: unknown): Sketch {
  const sketch = stored as Sketch;
  if (sketch.v !== 1) throw new TypeError(`a rollup holds a sketch of version ${sketch.v}`);
  return sketch;
}

function hourOfRaw(hour: Awaited<ReturnType<typeof readLocationHours>>[number]): HourOfLocation {
  const times = hour.responseTimes;
  const sum = times.reduce((total, time) => total + time, 0);
  return {
    location: hour.location as LocationId,
    atMs: Date.parse(hour.hour),
    success: hour.up,
    failure: hour.down,
    error: hour.unknown,
    avg: times.length === 0 ? null : sum / times.length,
    min: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
    max: times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b)),
    sketch: sketchOf(times),
  };
}

/** Averages weighted by count; percentiles from the merged sketch, because averages of percentiles have no meaning. */
function merged(at: string, hours: readonly HourOfLocation[]): Point {
  const sketch = mergeSketches(hours.map((hour) => hour.sketch));
  const count = sketchCount(sketch);
  const sum = hours.reduce((total, hour) => total + (hour.avg ?? 0) * sketchCount(hour.sketch), 0);
  const minima = hours.flatMap((hour) => hour.min ?? []);
  const maxima = hours.flatMap((hour) => hour.max ?? []);
  const total = (read: (hour: HourOfLocation) => number) => hours.reduce((all, hour) => all + read(hour), 0);
  return {
    at,
    avg: count === 0 ? null : sum / count,
    min: minima.length === 0 ? null : Math.min(...minima),
    max: maxima.length === 0 ? null : Math.max(...maxima),
    p50: quantile(sketch, 0.5),
    p95: quantile(sketch, 0.95),
    p99: quantile(sketch, 0.99),
    success: total((hour) => hour.success),
    failure: total((hour) => hour.failure),
    error: total((hour) => hour.error),
  };
}

function add(points: PointsByLocation, location: LocationId, point: Point): void {
  const list = points.get(location);
  if (list === undefined) points.set(location, [point]);
  else list.push(point);
}
