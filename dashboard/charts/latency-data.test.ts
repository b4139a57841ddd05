import { expect, test } from 'vitest';
import type { Series } from '#domain/api/monitor-answers.ts';
import { latencyCsv, latencyData, lonePoints, medianOf, shownRange, stepText } from './latency-data.ts';

function point(at: string, p50: number | null): Series['locations'][number]['points'][number] {
  return {
    at,
    avg: p50,
    min: p50,
    max: p50,
    p50,
    p95: p50,
    p99: p50,
    success: p50 === null ? 0 : 1,
    failure: p50 === null ? 1 : 0,
    error: 0,
  };
}

const series: Series = {
  from: '2026-11-22T14:00:00.000Z',
  to: '2026-11-22T15:00:00.000Z',
  stepSeconds: 60,
  source: 'results',
  locations: [
    { id: 'us-east', points: [point('2026-11-22T14:00:00.000Z', 80), point('2026-11-22T14:03:00.000Z', 82)] },
    { id: 'eu-central', points: [point('2026-11-22T14:01:00.000Z', 20), point('2026-11-22T14:02:00.000Z', null)] },
  ],
};

test('locations share one axis, and what nobody measured is a gap', () => {
  const { times, lines } = latencyData(series, 'p50');
  const start = Date.parse('2026-11-22T14:00:00.000Z') / 1000;
  expect(times).toEqual([start, start + 60, start + 120, start + 180]);
  expect(lines).toEqual([
    { id: 'us-east', values: [80, null, null, 82], failed: new Set() },
    { id: 'eu-central', values: [null, 20, null, null], failed: new Set([2]) },
  ]);
});

test.each([
  [[], []],
  [[1], [0]],
  [
    [1, null, 2, 3, null, 0],
    [0, 5],
  ],
  [[null, 1, null], [1]],
  [[1, 2], []],
])('of %j no line leads to the points %j', (values, lone) => {
  expect(lonePoints(values)).toEqual(lone);
});

test('a step tells its time, its failure, or that nobody looked', () => {
  const [, line] = latencyData(series, 'p50').lines;
  if (line === undefined) throw new Error('the series has two locations');
  expect([0, 1, 2].map((index) => stepText(line, index))).toEqual(['–', '20 ms', 'failed']);
});

test('no results make an empty axis, not a line at zero', () => {
  const empty = { ...series, locations: [{ id: 'us-east' as const, points: [] }] };
  expect(latencyData(empty, 'p95')).toEqual({ times: [], lines: [{ id: 'us-east', values: [], failed: new Set() }] });
});

test('CSV has a row per step and location, and nothing where nothing was measured', () => {
  const lines = latencyCsv(series).split('\r\n');
  expect(lines).toHaveLength(6);
  expect(lines[0]).toBe('at,location,avg_ms,min_ms,max_ms,p50_ms,p95_ms,p99_ms,success,failure,error');
  expect(lines[1]).toBe('2026-11-22T14:00:00.000Z,us-east,80,80,80,80,80,80,1,0,0');
  expect(lines[4]).toBe('2026-11-22T14:02:00.000Z,eu-central,,,,,,,0,1,0');
});

test('the median skips gaps', () => {
  expect(medianOf([null, 30, 10, null, 20])).toBe(20);
  expect(medianOf([null])).toBeNull();
});

test('the time before a monitor was made is no gap, but five minutes are always shown', () => {
  const end = Date.parse(series.to) / 1000;
  const shown = (createdAt: string, firstStep: number) => shownRange(series.from, series.to, createdAt, firstStep);
  expect(shown('2026-01-01T00:00:00.000Z', end - 3600)).toEqual([end - 3600, end]);
  expect(shown('2026-11-22T14:30:00.000Z', end - 1700)).toEqual([end - 1800, end]);
  expect(shown('2026-11-22T14:30:00.000Z', end - 2000)).toEqual([end - 2000, end]);
  expect(shown('2026-11-22T14:59:00.000Z', end - 60)).toEqual([end - 300, end]);
});
