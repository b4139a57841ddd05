import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { Crowd } from './crowd.ts';
import { startLoadTarget, type TargetProcess } from './load-target.ts';
import type { BenchOptions } from './options.ts';
import { ProcessMeter } from './process-meter.ts';
import { countSlots, type Grid, type SlotFigures } from './slots.ts';
import { type Stage, withStage } from './stage.ts';

/**
 * Time for results to be stored after a window ends: a check may take its timeout twice, and storing takes the rest.
 */
const STORED_WITHIN_MS = 15_000;
/** Time between two counts. A count reads every result of the window, and must not compete with storing them. */
const COUNT_PERIOD_MS = 2000;
/** Time for the edge to receive all monitors and check each for the first time. */
const FIRST_CHECKS_MS = 60_000;
const FIRST_CHECKS_POLL_MS = 500;

/** Most time for creating or changing one monitor; it takes 15 ms on an idle machine. */
export const MAKE_MS = 60;

/** The product under a load that can be changed, and the meter of its processes. */
export interface Load {
  readonly stage: Stage;
  readonly crowd: Crowd;
  readonly meter: ProcessMeter;
  readonly target: TargetProcess;
}

/** Runs `play` against a fresh installation; a play that takes longer than `withinMs` is given up. */
export async function withLoad<T>(
  options: BenchOptions,
  withinMs: number,
  play: (load: Load) => Promise<T>,
): Promise<T> {
  const target = await startLoadTarget();
  try {
    const inPlay = async (stage: Stage) => {
      const crowd = await Crowd.gather(stage.scene.installation.apiOrigin, stage.api, {
        url: target.url,
        intervalSeconds: options.interval,
        locations: LOCATION_IDS.slice(0, options.locations),
      });
      const meter = new ProcessMeter(stage.product.pid, target.pid);
      try {
        return await play({ stage, crowd, meter, target });
      } finally {
        meter.close();
      }
    };
    return await withStage(inPlay, { withinMs });
  } finally {
    await target.close();
  }
}

export function gridOf(crowd: Crowd, { interval, locations }: BenchOptions): Grid {
  return { monitorIds: crowd.active, locations, intervalSeconds: interval };
}

export function checksPerSecond(monitors: number, { interval, locations }: BenchOptions): number {
  return (monitors * locations) / interval;
}

/** `seconds` rounded up to a whole number of intervals, in milliseconds. */
export function wholeIntervalsMs(seconds: number, { interval }: BenchOptions): number {
  return Math.ceil(seconds / interval) * interval * 1000;
}

/** Waits until every active monitor has been judged once. After the deadline the measurement goes on without that. */
export async function untilFirstChecks(sql: Sql): Promise<void> {
  const deadline = Date.now() + FIRST_CHECKS_MS;
  while (Date.now() < deadline) {
    const [row] = await sql`SELECT count(*)::int AS pending FROM monitor_status s JOIN monitors m ON m.id = s.monitor_id
      WHERE m.enabled AND s.status = 'pending'`;
    if (row?.pending === 0) return;
    await sleep(FIRST_CHECKS_POLL_MS);
  }
}

/** Counts the window's slots as soon as all are stored, or after the deadline for storing them. */
export async function slotsWhenStored(sql: Sql, grid: Grid, from: Date, to: Date): Promise<SlotFigures> {
  const deadline = to.getTime() + STORED_WITHIN_MS;
  for (;;) {
    const late = Date.now() >= deadline;
    const slots = await countSlots(sql, grid, from, to);
    if (slots.notStored <= 0 || late) return slots;
    await sleep(COUNT_PERIOD_MS);
  }
}

/** Most different causes of failed checks that are printed. */
const CAUSES_MAX = 8;

/** Why checks failed, the most frequent causes first: no target of a load ever fails. */
export async function causesOfFailures(sql: Sql): Promise<string> {
  const rows = await sql<{ cause: string; count: number }[]>`
    SELECT concat_ws(': ', outcome, reason, left(detail, 80)) AS cause, count(*)::int AS count
    FROM check_results WHERE outcome IN ('failure', 'timeout') GROUP BY 1 ORDER BY 2 DESC LIMIT ${CAUSES_MAX}`;
  return rows.map(({ cause, count }) => `${count} ${cause}`).join('; ') || 'none';
}

/**
 * Down verdicts and incidents in the span, of all monitors or of the given ones. Every one is false, because the target
 * of these monitors is always up.
 */
export async function countFalseAlarms(
  sql: Sql,
  from: Date,
  to: Date,
  monitorIds: readonly string[] | null = null,
): Promise<{ down: number; incidents: number }> {
  const ofMonitors = monitorIds === null ? sql`TRUE` : sql`monitor_id = ANY (${[...monitorIds]})`;
  const [row] = await sql`SELECT
    (SELECT count(*) FROM rounds
      WHERE ${ofMonitors} AND status = 'down' AND judged_at >= ${from.toISOString()}::timestamptz AND judged_at < ${to.toISOString()}::timestamptz)::int AS down,
    (SELECT count(*) FROM incidents
      WHERE ${ofMonitors} AND created_at >= ${from.toISOString()}::timestamptz AND created_at < ${to.toISOString()}::timestamptz)::int AS incidents`;
  return { down: Number(row?.down), incidents: Number(row?.incidents) };
}
