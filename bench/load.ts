import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { Crowd } from './crowd.ts';
import { type LoadTarget, startLoadTarget } from './load-target.ts';
import type { BenchOptions } from './options.ts';
import { ProcessMeter } from './process-meter.ts';
import { countSlots, type Grid, type SlotFigures } from './slots.ts';
import { type Stage, withStage } from './stage.ts';

/** Results on their way when a window closes: a check may take its timeout twice, the rest is the road to the database. */
const STORED_WITHIN_MS = 15_000;
/** Counting reads every result of the window: not so often that it competes with storing them. */
const COUNT_PERIOD_MS = 2000;
/** For the edge to know of all monitors and check them for the first time. */
const FIRST_CHECKS_MS = 60_000;
const FIRST_CHECKS_POLL_MS = 500;

/** For one monitor to be made or changed, at most: 15 ms on an idle machine. */
export const MAKE_MS = 60;

/** The product under a load that can be changed, with what measures it. */
export interface Load {
  readonly stage: Stage;
  readonly crowd: Crowd;
  readonly meter: ProcessMeter;
  readonly target: LoadTarget;
}

/** Plays on a fresh installation; a play that takes longer than `withinMs` is given up. */
export async function withLoad<T>(
  options: BenchOptions,
  withinMs: number,
  play: (load: Load) => Promise<T>,
): Promise<T> {
  const target = await startLoadTarget();
  try {
    return await withStage(async (stage) => {
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
    }, withinMs);
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

/** The least whole number of intervals that lasts so long, in milliseconds. */
export function wholeIntervalsMs(seconds: number, { interval }: BenchOptions): number {
  return Math.ceil(seconds / interval) * interval * 1000;
}

/** Until every active monitor has been judged once; a product that does not get there is measured as it is. */
export async function untilFirstChecks(sql: Sql): Promise<void> {
  const deadline = Date.now() + FIRST_CHECKS_MS;
  while (Date.now() < deadline) {
    const [row] = await sql`SELECT count(*)::int AS pending FROM monitor_status s JOIN monitors m ON m.id = s.monitor_id
      WHERE m.enabled AND s.status = 'pending'`;
    if (row?.pending === 0) return;
    await sleep(FIRST_CHECKS_POLL_MS);
  }
}

/** The window's slots, when all of them are stored or should have been. */
export async function slotsWhenStored(sql: Sql, grid: Grid, from: Date, to: Date): Promise<SlotFigures> {
  const deadline = to.getTime() + STORED_WITHIN_MS;
  for (;;) {
    const late = Date.now() >= deadline;
    const slots = await countSlots(sql, grid, from, to);
    if (slots.notStored <= 0 || late) return slots;
    await sleep(COUNT_PERIOD_MS);
  }
}

/** Whatever was told of the target, which is always well, in the span. */
export async function countFalseAlarms(sql: Sql, from: Date, to: Date): Promise<{ down: number; incidents: number }> {
  const [row] = await sql`SELECT
    (SELECT count(*) FROM rounds
      WHERE status = 'down' AND judged_at >= ${from.toISOString()}::timestamptz AND judged_at < ${to.toISOString()}::timestamptz)::int AS down,
    (SELECT count(*) FROM incidents
      WHERE created_at >= ${from.toISOString()}::timestamptz AND created_at < ${to.toISOString()}::timestamptz)::int AS incidents`;
  return { down: Number(row?.down), incidents: Number(row?.incidents) };
}
