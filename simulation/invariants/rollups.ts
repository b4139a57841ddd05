import { HOUR_MS } from '#domain/base/duration.ts';
import type { LocationId } from '#domain/check/location.ts';
import type { OutcomeKind } from '#domain/check/result.ts';
import type { VerdictStatus } from '#domain/check/status.ts';
import { uptimePercent } from '#domain/figures/uptime.ts';
import { type Verdict, verdictTime } from '#tests/core/verdict-time.ts';
import type { Simulation } from '../simulation.ts';
import { requireEqual, requireThat } from '../violation.ts';

type Sql = Simulation['ctx']['sql'];

/** Rolled-up hours are the sums of their results and verdicts, and rolled-up days the sums of their hours. */
export async function requireRollups({ ctx: { sql } }: Simulation): Promise<void> {
  const stored = await sql<Rollup[]>`
    SELECT monitor_id, location, hour, up, down, unknown, up_seconds, down_seconds, unknown_seconds, avg_ms
    FROM rollups_hourly r
    WHERE EXISTS (SELECT 1 FROM monitors m WHERE m.id = r.monitor_id)
      AND NOT EXISTS (SELECT 1 FROM dirty_hours d WHERE d.monitor_id = r.monitor_id AND d.hour = r.hour)`;
  const dirty = await sql<{ key: string }[]>`
    SELECT monitor_id || ' ' || extract(epoch FROM hour)::int AS key FROM dirty_hours`;
  const open = new Set(dirty.map(({ key }) => key));
  const expected = [...locationHours(await readRaw(sql)), ...verdictHours(await readVerdicts(sql))].filter(
    ({ monitor_id, hour }) => !open.has(`${monitor_id} ${hour.getTime() / 1000}`),
  );
  requireThat(expected.length > 0, 'some hours are closed');
  requireEqual(
    stored.map(named).sort(byKey),
    expected.map(named).sort(byKey),
    'rollups are what results and verdicts add up to',
  );
  const days = await sql`
    SELECT monitor_id, day FROM rollups_daily d, LATERAL (
      SELECT coalesce(sum(up), 0) AS up, coalesce(sum(down), 0) AS down, coalesce(sum(unknown), 0) AS unknown,
             coalesce(sum(up_seconds), 0) AS up_seconds, coalesce(sum(down_seconds), 0) AS down_seconds,
             coalesce(sum(unknown_seconds), 0) AS unknown_seconds
      FROM rollups_hourly r
      WHERE r.monitor_id = d.monitor_id AND location = '*' AND hour >= day AND hour < day + interval '1 day') AS hours
    WHERE (d.up, d.down, d.unknown) <> (hours.up, hours.down, hours.unknown)
      OR abs(d.up_seconds - hours.up_seconds) > 0.001 OR abs(d.down_seconds - hours.down_seconds) > 0.001
      OR abs(d.unknown_seconds - hours.unknown_seconds) > 0.001`;
  requireEqual([...days], [], 'days are what their hours add up to');
}

interface Rollup {
  readonly monitor_id: string;
  readonly location: string;
  readonly hour: Date;
  readonly up: number;
  readonly down: number;
  readonly unknown: number;
  readonly up_seconds: number;
  readonly down_seconds: number;
  readonly unknown_seconds: number;
  readonly avg_ms: number | null;
}

function named(row: Rollup): Rollup & { key: string } {
  // The order of a sum of floating-point numbers changes its last digit.
  const rounded = (value: number) => Math.round(value * 1000) / 1000;
  return {
    ...row,
    key: `${row.monitor_id} ${row.location} ${row.hour.toISOString()}`,
    up_seconds: rounded(row.up_seconds),
    down_seconds: rounded(row.down_seconds),
    unknown_seconds: rounded(row.unknown_seconds),
    avg_ms: row.avg_ms === null ? null : rounded(row.avg_ms),
  };
}

function byKey(one: { key: string }, other: { key: string }): number {
  return one.key < other.key ? -1 : 1;
}

interface RawResult {
  readonly monitorId: string;
  readonly location: LocationId;
  readonly at: Date;
  readonly outcome: OutcomeKind;
  readonly responseTimeMs: number | null;
}

async function readRaw(sql: Sql): Promise<RawResult[]> {
  return sql<RawResult[]>`
    SELECT monitor_id AS "monitorId", location, scheduled_at AS at, outcome, response_time_ms AS "responseTimeMs"
    FROM check_results r JOIN monitors m ON m.id = r.monitor_id`;
}

function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS);
}

function locationHours(raw: readonly RawResult[]): Rollup[] {
  const groups = Map.groupBy(raw, (row) => `${row.monitorId} ${row.location} ${hourOf(row.at).toISOString()}`);
  return [...groups].map(([key, rows]) => {
    const [monitor_id = '', location = '', hour = ''] = key.split(' ');
    const count = (...kinds: OutcomeKind[]) => rows.filter(({ outcome }) => kinds.includes(outcome)).length;
    const times = rows.flatMap((row) => (row.outcome === 'success' ? (row.responseTimeMs ?? []) : []));
    return {
      monitor_id,
      location,
      hour: new Date(hour),
      up: count('success'),
      down: count('failure', 'timeout'),
      unknown: count('error'),
      up_seconds: 0,
      down_seconds: 0,
      unknown_seconds: 0,
      avg_ms: times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0) / times.length,
    };
  });
}

/** The verdicts of every monitor, as they are stored. */
export async function readVerdicts(sql: Sql): Promise<Map<string, Verdict[]>> {
  const rows = await sql<{ monitorId: string; at: Date; status: VerdictStatus; intervalSeconds: number }[]>`
    SELECT monitor_id AS "monitorId", scheduled_at AS at, status, r.interval_seconds AS "intervalSeconds"
    FROM rounds r JOIN monitors m ON m.id = r.monitor_id`;
  const verdicts = rows.map(({ at, ...row }) => ({ ...row, atMs: at.getTime() }));
  return Map.groupBy(verdicts, ({ monitorId }) => monitorId);
}

function verdictHours(verdicts: ReadonlyMap<string, readonly Verdict[]>): Rollup[] {
  return [...verdicts].flatMap(([monitor_id, list]) => {
    const touched = list.flatMap(({ atMs, intervalSeconds }) => [atMs, atMs + intervalSeconds * 1000]);
    const rollups: Rollup[] = [];
    for (let ms = hourOf(new Date(Math.min(...touched))).getTime(); ms < Math.max(...touched); ms += HOUR_MS) {
      const { up, down, unknown, upSeconds, downSeconds, unknownSeconds } = verdictTime(list, ms, ms + HOUR_MS);
      if (up + down + unknown + upSeconds + downSeconds + unknownSeconds === 0) continue;
      const seconds = { up_seconds: upSeconds, down_seconds: downSeconds, unknown_seconds: unknownSeconds };
      rollups.push({ monitor_id, location: '*', hour: new Date(ms), up, down, unknown, ...seconds, avg_ms: null });
    }
    return rollups;
  });
}

/** Uptime in percent over all time up to `nowMs`. */
export function uptimeOf(verdicts: readonly Verdict[], nowMs: number): number | null {
  return uptimePercent(verdictTime(verdicts, 0, nowMs));
}
