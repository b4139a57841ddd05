import type { LocationId } from '#domain/check/location.ts';
import type { OutcomeKind } from '#domain/check/result.ts';
import { quantile, sketchOf } from '#domain/figures/sketch.ts';
import { uptimePercent } from '#domain/figures/uptime.ts';
import { judgeRound } from '#domain/watch/quorum.ts';
import type { Simulation } from '../simulation.ts';
import { requireEqual, requireThat } from '../violation.ts';

const HOUR_MS = 3_600_000;

/** Rolled-up hours are what their raw results add up to, by the rules of domain/. */
export async function requireRollups({ ctx }: Simulation): Promise<void> {
  const raw = await readRaw(ctx.sql);
  const stored = await ctx.sql<Record<string, unknown>[]>`
    SELECT monitor_id, location, hour, up, down, unknown, down_seconds, avg_ms, p95_ms FROM rollups_hourly r
    WHERE EXISTS (SELECT 1 FROM monitors m WHERE m.id = r.monitor_id)
      AND NOT EXISTS (SELECT 1 FROM dirty_hours d WHERE d.monitor_id = r.monitor_id AND d.hour = r.hour)`;
  const dirty = await ctx.sql<
    { key: string }[]
  >`SELECT monitor_id || ' ' || extract(epoch FROM hour)::int AS key FROM dirty_hours`;
  const open = new Set(dirty.map(({ key }) => key));
  const expected = [...Map.groupBy(raw, (row) => `${row.monitorId} ${hourOf(row) / 1000}`)]
    .filter(([key]) => !open.has(key))
    .flatMap(([, rows]) => rollupsOf(rows));
  const named = (row: { monitor_id?: unknown; location?: unknown; hour?: unknown; avg_ms?: unknown }) => ({
    ...row,
    key: `${row.monitor_id} ${row.location} ${(row.hour as Date).toISOString()}`,
    avg_ms: rounded(row.avg_ms),
  });
  requireThat(expected.length > 0, 'some hours are closed');
  requireEqual(
    stored.map(named).sort(byKey),
    expected.map(named).sort(byKey),
    'rollups are what the raw results add up to',
  );
}

export interface RawResult {
  readonly monitorId: string;
  readonly location: LocationId;
  readonly at: Date;
  readonly manual: boolean;
  readonly outcome: OutcomeKind;
  readonly responseTimeMs: number | null;
  readonly quorum: number | null;
  readonly intervalSeconds: number;
}

export async function readRaw(sql: Simulation['ctx']['sql']): Promise<RawResult[]> {
  return sql<RawResult[]>`
    SELECT monitor_id AS "monitorId", location, scheduled_at AS at, manual, outcome,
           response_time_ms AS "responseTimeMs", quorum, interval_seconds AS "intervalSeconds"
    FROM check_results r JOIN monitors m ON m.id = r.monitor_id`;
}

function hourOf({ at }: RawResult): number {
  return Math.floor(at.getTime() / HOUR_MS) * HOUR_MS;
}

/** The rollups of one monitor and hour: one for each location, one for the rounds. */
function rollupsOf(rows: readonly RawResult[]) {
  const [first] = rows;
  if (first === undefined) return [];
  const name = { monitor_id: first.monitorId, hour: new Date(hourOf(first)) };
  const count = (list: readonly RawResult[], ...kinds: OutcomeKind[]) =>
    list.filter(({ outcome }) => kinds.includes(outcome)).length;
  const locations = [...Map.groupBy(rows, (row) => row.location)].map(([location, list]) => {
    const times = list.flatMap((row) => (row.outcome === 'success' ? (row.responseTimeMs ?? []) : []));
    return {
      ...name,
      location,
      up: count(list, 'success'),
      down: count(list, 'failure', 'timeout'),
      unknown: count(list, 'error'),
      down_seconds: 0,
      avg_ms: times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0) / times.length,
      p95_ms: quantile(sketchOf(times), 0.95),
    };
  });
  const rounds = roundsOf(rows);
  if (rounds.length === 0) return locations;
  const total = {
    ...name,
    location: '*',
    up: rounds.filter(({ verdict }) => verdict === 'up').length,
    down: rounds.filter(({ verdict }) => verdict === 'down').length,
    unknown: rounds.filter(({ verdict }) => verdict === 'unknown').length,
    down_seconds: rounds.reduce((sum, { verdict, seconds }) => sum + (verdict === 'down' ? seconds : 0), 0),
    avg_ms: null,
    p95_ms: null,
  };
  return [...locations, total];
}

/** Rounds of the grid with their verdicts; each stands for the time to the next, at most the interval. */
function roundsOf(rows: readonly RawResult[]) {
  const slots = [
    ...Map.groupBy(
      rows.filter(({ manual }) => !manual),
      ({ at }) => at.getTime(),
    ),
  ].sort(([one], [other]) => one - other);
  return slots.map(([atMs, list], index) => {
    const { quorum, intervalSeconds } = list[0] ?? { quorum: null, intervalSeconds: 0 };
    const outcomes = new Map(list.map(({ location, outcome }) => [location, outcome]));
    const verdict = judgeRound({ asked: [...outcomes.keys()], dark: [], quorum, outcomes })?.status;
    const untilMs = slots[index + 1]?.[0] ?? Number.POSITIVE_INFINITY;
    return {
      verdict: verdict === 'degraded' ? 'up' : verdict,
      seconds: Math.min(intervalSeconds, (untilMs - atMs) / 1000),
    };
  });
}

/** Sums in another order differ in the last digit. */
function rounded(value: unknown): number | null {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : null;
}

/** Percent over all rounds of a monitor. */
export function uptimeOf(raw: readonly RawResult[], monitorId: string | null): number | null {
  const hours = Map.groupBy(
    raw.filter((row) => row.monitorId === monitorId),
    hourOf,
  );
  const verdicts = [...hours.values()].flatMap((rows) => roundsOf(rows).map(({ verdict }) => verdict));
  return uptimePercent({
    up: verdicts.filter((verdict) => verdict === 'up').length,
    down: verdicts.filter((verdict) => verdict === 'down').length,
  });
}

function byKey(one: { key: string }, other: { key: string }): number {
  return one.key < other.key ? -1 : 1;
}
