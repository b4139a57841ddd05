import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { type Figures, type Findings, rounded } from './figures.ts';
import { findLimit } from './find-limit.ts';
import {
  causesOfFailures,
  checksPerSecond,
  countFalseAlarms,
  gridOf,
  type Load,
  MAKE_MS,
  slotsWhenStored,
  untilFirstChecks,
  wholeIntervalsMs,
  withLoad,
} from './load.ts';
import type { BenchOptions } from './options.ts';
import { PARTS, type ProcessMeter } from './process-meter.ts';
import { countIntervals, type Grid } from './slots.ts';

const SECONDS = 60;
const WARM_UP_SECONDS = 10;
/** Time for the start, the first checks, the drain and the end, beside the three windows. */
const AROUND_MS = 240_000;
/**
 * Monitors that are created, resumed or paused, as a multiple of the limit; pausing happens under overload and is slow.
 */
const SWITCHES = 8;

/** Completed checks at twice the limit, as a share of the best rate. */
const COMPLETED_MIN_PERCENT = 90;
/**
 * Most open files of workerd: checks in flight, databases of the objects, and a reserve. A leak exceeds it within
 * seconds.
 */
const FILES_MAX = 4096;
/** Most memory of workerd and the Node process together, on the smallest supported machine (4 GB). */
const RSS_MAX_MB = 2048;
/** Most memory in the second half of the overload, as a multiple of the first half. */
const RSS_GROWTH_MAX = 1.3;
const CLEAN_WITHIN_INTERVALS = 2;
const LATE_P99_MAX_MS = 1000;

/** A span with a constant load. */
interface Phase {
  readonly name: string;
  readonly grid: Grid;
  readonly from: Date;
  readonly to: Date;
  /** The product's output during the phase. */
  readonly printed: string;
}

interface PhaseFigures {
  readonly completedPerSecond: number;
  readonly figures: Figures;
}

interface Played {
  readonly rows: readonly PhaseFigures[];
  /** The reason why not all phases were played; null when all were. */
  readonly problem: string | null;
  /**
   * Time from the answer to the last request that lowered the load to the first clean interval; null when none was
   * clean.
   */
  readonly cleanAfterMs: number | null;
  readonly filesMax: number;
  readonly rssMaxMb: number;
  readonly rssGrowth: number;
  /** Down verdicts and incidents, in the phases and between them. */
  readonly falseDown: number;
  readonly failures: string;
  readonly restarts: number;
  readonly ended: boolean;
}

/** Plays the limit, twice the limit and half of it. The product must shed the excess and be clean again afterwards. */
export async function overload(options: BenchOptions): Promise<Findings> {
  const limit = options.limit ?? (await findLimit(options)).best?.checksPerSecond;
  if (limit === undefined) return { figures: { limitChecksPerSecond: 0 }, missedGoals: ['some rate can be sustained'] };
  const monitors = Math.max(2, Math.round((limit * options.interval) / options.locations));
  console.log(
    `overload of a limit of ${rounded(checksPerSecond(monitors, options), 1)} checks/s, ${monitors} monitors`,
  );
  const windowMs = wholeIntervalsMs(options.seconds ?? SECONDS, options);
  const played = await withLoad(options, 3 * windowMs + AROUND_MS + SWITCHES * monitors * MAKE_MS, (load) =>
    play(load, monitors, options, windowMs),
  ).catch((error: Error) => error);
  if (played instanceof Error) {
    return { figures: { limitMonitors: monitors }, missedGoals: [`the play comes to its end: ${played.message}`] };
  }
  const goals = judge(played, options);
  for (const { goal, met, found } of goals) console.log(`${met ? 'pass' : 'FAIL'}  ${goal}: ${found}`);
  return {
    figures: {
      limitMonitors: monitors,
      limitChecksPerSecond: rounded(checksPerSecond(monitors, options), 1),
      seconds: windowMs / 1000,
      intervalSeconds: options.interval,
      locations: options.locations,
      cleanAfterMs: played.cleanAfterMs ?? 'never',
      failures: played.failures,
      ...Object.fromEntries(goals.map(({ goal, met, found }) => [goal, `${met ? 'pass' : 'FAIL'}: ${found}`])),
    },
    rows: played.rows.map(({ figures }) => figures),
    missedGoals: goals.filter(({ met }) => !met).map(({ goal, found }) => `${goal}: ${found}`),
  };
}

async function play(load: Load, monitors: number, options: BenchOptions, windowMs: number): Promise<Played> {
  const { stage, meter } = load;
  const phases: Phase[] = [];
  const problem = await playPhases(load, monitors, options, windowMs, phases).then(
    () => null,
    (error: Error) => error.message,
  );
  const last = phases.at(-1);
  if (last !== undefined) await slotsWhenStored(stage.sql, last.grid, last.from, last.to);
  const rows: PhaseFigures[] = [];
  for (const phase of phases) rows.push(await measure(load, phase, rows, windowMs));
  const [, twice, half] = phases;
  const peaks = meter.peaks(0);
  const alarms = await countFalseAlarms(stage.sql, new Date(0), new Date());
  return {
    rows,
    problem,
    cleanAfterMs: half === undefined ? null : await firstCleanMs(stage.sql, half),
    filesMax: peaks.workerdFilesMax,
    rssMaxMb: peaks.rssMaxMb.workerd + peaks.rssMaxMb.core,
    rssGrowth: twice === undefined ? Number.NaN : growth(meter, twice),
    falseDown: alarms.down + alarms.incidents,
    failures: await causesOfFailures(stage.sql),
    restarts: meter.workerdRestarts(0),
    ended: stage.product.ended(),
  };
}

/**
 * Appends each phase as soon as it was played: when the product fails to change the load, the earlier phases are still
 * measured.
 */
async function playPhases(
  load: Load,
  monitors: number,
  options: BenchOptions,
  windowMs: number,
  phases: Phase[],
): Promise<void> {
  const { crowd, stage } = load;
  await crowd.activate(monitors);
  await crowd.grow(2 * monitors);
  await untilFirstChecks(stage.sql);
  await sleep((options['warm-up'] ?? WARM_UP_SECONDS) * 1000);
  phases.push(await hold(load, 'at the limit', options, windowMs));
  await crowd.activate(2 * monitors);
  phases.push(await hold(load, 'twice the limit', options, windowMs));
  await crowd.activate(Math.round(monitors / 2));
  phases.push(await hold(load, 'half the limit', options, windowMs));
}

/** Memory in the second half of the phase, as a multiple of the first half. */
function growth(meter: ProcessMeter, { from, to }: Phase): number {
  const middle = (from.getTime() + to.getTime()) / 2;
  const first = meter.peaks(from.getTime(), middle).rssMaxMb;
  const second = meter.peaks(middle, to.getTime()).rssMaxMb;
  return (second.workerd + second.core) / (first.workerd + first.core);
}

/** Keeps the load constant for a window. */
async function hold({ stage, crowd }: Load, name: string, options: BenchOptions, windowMs: number): Promise<Phase> {
  const printedBefore = stage.product.output().length;
  const from = new Date();
  console.log(`${from.toISOString()} ${name}: ${crowd.active.length} monitors`);
  await sleep(windowMs);
  const to = new Date(from.getTime() + windowMs);
  return { name, grid: gridOf(crowd, options), from, to, printed: stage.product.output().slice(printedBefore) };
}

async function measure(
  { stage, meter }: Load,
  phase: Phase,
  before: readonly PhaseFigures[],
  windowMs: number,
): Promise<PhaseFigures> {
  const slots = await slotsWhenStored(stage.sql, phase.grid, phase.from, phase.to);
  const alarms = await countFalseAlarms(stage.sql, phase.from, phase.to);
  const span = [phase.from.getTime(), phase.to.getTime()] as const;
  const peaks = meter.peaks(...span);
  const completedPerSecond = slots.completed / (windowMs / 1000);
  const best = Math.max(completedPerSecond, ...before.map((row) => row.completedPerSecond));
  return {
    completedPerSecond,
    figures: {
      phase: phase.name,
      monitors: phase.grid.monitorIds.length,
      duePerSecond: rounded(slots.due / (windowMs / 1000), 1),
      completedPerSecond: rounded(completedPerSecond, 1),
      percentOfBest: rounded((completedPerSecond / Math.max(best, Number.EPSILON)) * 100, 1),
      missed: slots.missed,
      notStored: slots.notStored,
      failed: slots.failed,
      falseDown: alarms.down,
      incidents: alarms.incidents,
      lateP99Ms: slots.lateP99Ms,
      workerdRestarts: meter.workerdRestarts(...span),
      workerdFilesMax: peaks.workerdFilesMax,
      ...Object.fromEntries(PARTS.map((part) => [`${part}RssMaxMb`, peaks.rssMaxMb[part]])),
      warningsPerMinute: rounded(countWarnings(phase.printed) / (windowMs / 60_000), 1),
    },
  };
}

/** Number of log lines of level warn and above, of the core (JSON) and of workerd's host. */
function countWarnings(printed: string): number {
  return printed.split('\n').filter((line) => /"level":\s*"(warn|error|fatal)"/.test(line)).length;
}

/** Time to the first interval in which every slot succeeded and the p99 of lateness was below its limit; null: none. */
async function firstCleanMs(sql: Sql, { grid, from, to }: Phase): Promise<number | null> {
  const due = grid.monitorIds.length * grid.locations;
  const intervals = await countIntervals(sql, grid, from, to);
  const clean = intervals.find(({ succeeded, lateP99Ms }) => succeeded === due && lateP99Ms < LATE_P99_MAX_MS);
  return clean === undefined ? null : clean.index * grid.intervalSeconds * 1000;
}

interface Goal {
  readonly goal: string;
  readonly met: boolean;
  readonly found: string;
}

function judge(played: Played, { interval }: BenchOptions): Goal[] {
  const { rows, filesMax, rssMaxMb, rssGrowth, cleanAfterMs, falseDown, restarts, ended, problem } = played;
  const [atLimit, twice] = rows;
  const best = Math.max(Number.EPSILON, ...rows.map(({ completedPerSecond }) => completedPerSecond));
  const percent = ((twice?.completedPerSecond ?? 0) / best) * 100;
  return [
    { goal: 'the load can be changed', met: problem === null, found: problem ?? 'always' },
    {
      goal: `at least ${COMPLETED_MIN_PERCENT} % of the best rate at twice the limit`,
      met: percent >= COMPLETED_MIN_PERCENT && (atLimit?.completedPerSecond ?? 0) > 0,
      found: `${rounded(percent, 1)} %`,
    },
    { goal: `at most ${FILES_MAX} open files of workerd`, met: filesMax <= FILES_MAX, found: `${filesMax}` },
    {
      goal: `at most ${RSS_MAX_MB} MB, and no more than ${RSS_GROWTH_MAX} times the first half of the overload`,
      met: rssMaxMb <= RSS_MAX_MB && rssGrowth <= RSS_GROWTH_MAX,
      found: `${rssMaxMb} MB, ${rounded(rssGrowth, 2)} times`,
    },
    {
      goal: 'no crash',
      met: restarts === 0 && !ended,
      found: `${restarts} restarts of workerd${ended ? ', BlackTide ended' : ''}`,
    },
    { goal: 'nothing is falsely down', met: falseDown === 0, found: `${falseDown} verdicts and incidents` },
    {
      goal: `clean within ${CLEAN_WITHIN_INTERVALS} intervals after the load drops`,
      met: cleanAfterMs !== null && cleanAfterMs <= CLEAN_WITHIN_INTERVALS * interval * 1000,
      found: cleanAfterMs === null ? 'never' : `after ${cleanAfterMs / 1000} s`,
    },
  ];
}
