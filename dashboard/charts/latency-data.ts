import type { Series } from '#domain/api/monitor-answers.ts';
import type { LocationId } from '#domain/check/location.ts';
import { formatLatency } from '../format/measures.ts';

/** Response times in the chart's form; pure. */

export const METRICS = ['p50', 'p95', 'max', 'avg', 'min'] as const;
export type Metric = (typeof METRICS)[number];

export interface LatencyData {
  /** Starts of the steps, seconds since the epoch, without holes: a step without results has nulls. */
  readonly times: number[];
  readonly lines: readonly {
    readonly id: LocationId;
    readonly values: (number | null)[];
    /** Steps in which a check of this location failed. */
    readonly failed: ReadonlySet<number>;
  }[];
}

/** Puts all locations on one time axis. Steps without results are null, so that they are drawn as gaps. */
export function latencyData(series: Series, metric: Metric): LatencyData {
  const step = series.stepSeconds;
  const stamps = series.locations.flatMap(({ points }) => points.map(({ at }) => Date.parse(at) / 1000));
  const first = stamps.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = stamps.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (stamps.length === 0)
    return { times: [], lines: series.locations.map(({ id }) => ({ id, values: [], failed: new Set<number>() })) };

  const length = Math.round((last - first) / step) + 1;
  const times = Array.from({ length }, (_, index) => first + index * step);
  const lines = series.locations.map(({ id, points }) => {
    const values: (number | null)[] = new Array(length).fill(null);
    const failed = new Set<number>();
    for (const point of points) {
      const index = Math.round((Date.parse(point.at) / 1000 - first) / step);
      values[index] = point[metric];
      if (point.failure > 0) failed.add(index);
    }
    return { id, values, failed };
  });
  return { times, lines };
}

/** Indices of values without a neighbour: no line leads to them, so each needs a dot to be seen. */
export function lonePoints(values: readonly (number | null | undefined)[]): number[] {
  return values.flatMap((value, index) =>
    value != null && values[index - 1] == null && values[index + 1] == null ? [index] : [],
  );
}

/** One step of a line in words: a time, a failure, both, or a dash. */
export function stepText(line: LatencyData['lines'][number], index: number): string {
  const value = line.values[index] ?? null;
  if (!line.failed.has(index)) return formatLatency(value);
  return value === null ? 'failed' : `${formatLatency(value)}, failed`;
}

/** Shortest range of a young monitor's chart. */
const RANGE_SECONDS_MIN = 300;

/**
 * The range of the time axis in seconds: the requested range without the time before the monitor was created. The first
 * step of a wide step length may begin earlier.
 */
export function shownRange(from: string, to: string, createdAt: string, firstStep: number): readonly [number, number] {
  const end = Date.parse(to) / 1000;
  const born = Math.min(Date.parse(createdAt) / 1000, end - RANGE_SECONDS_MIN, firstStep);
  return [Math.max(Date.parse(from) / 1000, born), end];
}

/** The chart's figures as CSV (RFC 4180): one row per step and location, times in UTC. */
export function latencyCsv(series: Series): string {
  const header = 'at,location,avg_ms,min_ms,max_ms,p50_ms,p95_ms,p99_ms,success,failure,error';
  const rows = series.locations.flatMap(({ id, points }) =>
    points.map((point) =>
      [
        point.at,
        id,
        point.avg,
        point.min,
        point.max,
        point.p50,
        point.p95,
        point.p99,
        point.success,
        point.failure,
        point.error,
      ]
        .map((value) => value ?? '')
        .join(','),
    ),
  );
  return `${[header, ...rows].join('\r\n')}\r\n`;
}

/** Median of a location's steps, for the legend; null without values. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
