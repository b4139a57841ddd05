import { setTimeout as sleep } from 'node:timers/promises';
import { type Figures, type Findings, rounded } from './figures.ts';
import {
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
import { measureTarget } from './load-target.ts';
import type { BenchOptions } from './options.ts';
import { cpuPerCheck, PARTS } from './process-meter.ts';
import type { SlotFigures } from './slots.ts';

const SECONDS = 30;
const WARM_UP_SECONDS = 10;
const FIRST_MONITORS = 100;
const FEWEST_MONITORS = 10;
/** The search ends when the lowest rate that failed is at most this many times the highest rate that was sustained. */
const PRECISION = 1.1;
/** Steps for doubling up to the limit and bisecting to that precision; a product with unstable results needs more. */
const STEPS_MAX = 16;
const LATE_P99_MAX_MS = 1000;
/** Time for the start, the first checks, the drain and the end, beside warm-up and window. */
const AROUND_MS = 180_000;
/** Above this share of a core the target itself may be the bottleneck. */
const TARGET_BUSY_MAX = 0.7;

/** The measurement of one number of monitors. */
export interface Step {
  readonly monitors: number;
  readonly checksPerSecond: number;
  readonly completedPerSecond: number;
  /** Reasons why the rate cannot be sustained; empty when it can. */
  readonly reasons: readonly string[];
  readonly figures: Figures;
}

/** All measured steps, and the highest sustainable one; null when none is sustainable. */
export interface Limit {
  readonly best: Step | null;
  readonly steps: readonly Step[];
}

/**
 * The highest rate of checks that the product sustains on this machine, target included: no slot is missed or late, all
 * are stored, and no monitor is reported down. The number of monitors is doubled until that fails, then bisected. Each
 * step has a fresh installation, so that the backlog of an overloaded step does not slow down the next one.
 */
export async function findLimit(options: BenchOptions): Promise<Limit> {
  const steps: Step[] = [];
  let good = 0;
  let bad = Number.POSITIVE_INFINITY;
  let monitors = Math.min(options.monitors ?? FIRST_MONITORS, options['monitors-max']);
  while (steps.length < STEPS_MAX) {
    const step = await playStep(monitors, options);
    steps.push(step);
    tell(step);
    if (step.reasons.length === 0) good = monitors;
    else bad = monitors;
    if (good >= options['monitors-max'] || bad <= FEWEST_MONITORS || bad <= good * PRECISION) break;
    monitors = Number.isFinite(bad) ? between(good, bad) : Math.min(2 * good, options['monitors-max']);
  }
  const sustained = steps.filter(({ reasons }) => reasons.length === 0);
  const best = sustained.toSorted((a, b) => b.monitors - a.monitors)[0] ?? null;
  return { best, steps };
}

/** `npm run bench -- throughput --find-limit`. */
export async function reportLimit(options: BenchOptions): Promise<Findings> {
  const { best, steps } = await findLimit(options);
  return {
    figures: {
      limitChecksPerSecond: best?.checksPerSecond ?? 0,
      limitMonitors: best?.monitors ?? 0,
      intervalSeconds: options.interval,
      locations: options.locations,
      steps: steps.length,
      ...best?.figures,
    },
    rows: steps.map(({ figures }) => figures),
    missedGoals: best === null ? [`some rate can be sustained: ${steps.at(-1)?.reasons.join(', ')}`] : [],
  };
}

function between(good: number, bad: number): number {
  return Math.max(FEWEST_MONITORS, Math.round((good + bad) / 2));
}

async function playStep(monitors: number, options: BenchOptions): Promise<Step> {
  const windowMs = wholeIntervalsMs(options.seconds ?? SECONDS, options);
  const warmUpMs = (options['warm-up'] ?? WARM_UP_SECONDS) * 1000;
  const rate = checksPerSecond(monitors, options);
  try {
    return await withLoad(options, AROUND_MS + monitors * MAKE_MS + warmUpMs + windowMs, (load) =>
      measure(load, monitors, options, warmUpMs, windowMs),
    );
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0] ?? 'no reason given';
    const figures = { monitors, checksPerSecond: rate, verdict: reason };
    return { monitors, checksPerSecond: rate, completedPerSecond: 0, reasons: [reason], figures };
  }
}

async function measure(
  { stage, crowd, meter, target }: Load,
  monitors: number,
  options: BenchOptions,
  warmUpMs: number,
  windowMs: number,
): Promise<Step> {
  const targetRate = await measureTarget(target);
  const begun = Date.now();
  await crowd.activate(monitors);
  const madeMs = Date.now() - begun;
  await untilFirstChecks(stage.sql);
  await sleep(warmUpMs);
  const from = new Date();
  const before = meter.cpu();
  await sleep(windowMs);
  const to = new Date(from.getTime() + windowMs);
  const after = meter.cpu();
  const peaks = meter.peaks(from.getTime());
  const slots = await slotsWhenStored(stage.sql, gridOf(crowd, options), from, to);
  const alarms = await countFalseAlarms(stage.sql, new Date(begun), new Date());
  const restarts = meter.workerdRestarts(begun);
  const targetBusy = (after.target - before.target) / windowMs;
  const reasons = whyNot(slots, alarms, restarts, targetBusy);
  const rate = checksPerSecond(monitors, options);
  const completedPerSecond = slots.completed / (windowMs / 1000);
  return {
    monitors,
    checksPerSecond: rate,
    completedPerSecond,
    reasons,
    figures: {
      monitors,
      checksPerSecond: rounded(rate, 1),
      completedPerSecond: rounded(completedPerSecond, 1),
      completedPercent: rounded((slots.completed / slots.due) * 100, 2),
      missed: slots.missed,
      notStored: slots.notStored,
      failed: slots.failed,
      falseDown: alarms.down + alarms.incidents,
      lateP50Ms: slots.lateP50Ms,
      lateP99Ms: slots.lateP99Ms,
      lateMaxMs: slots.lateMaxMs,
      ...cpuPerCheck(before, after, slots.completed),
      workerdFilesMax: peaks.workerdFilesMax,
      ...Object.fromEntries(PARTS.map((part) => [`${part}RssMaxMb`, peaks.rssMaxMb[part]])),
      targetBusyPercent: rounded(targetBusy * 100),
      targetCanDoPerSecond: targetRate,
      monitorsMadeMs: madeMs,
      verdict: reasons.length === 0 ? 'sustainable' : reasons.join(', '),
    },
  };
}

function whyNot(
  slots: SlotFigures,
  alarms: { down: number; incidents: number },
  restarts: number,
  targetBusy: number,
): string[] {
  const reasons: string[] = [];
  if (slots.missed > 0) reasons.push(`${slots.missed} missed`);
  if (slots.notStored > 0) reasons.push(`${slots.notStored} not stored`);
  if (slots.stored > slots.completed + slots.missed) {
    reasons.push(`${slots.stored - slots.completed - slots.missed} not made`);
  }
  if (slots.failed > 0) reasons.push(`${slots.failed} failed`);
  if (slots.lateP99Ms >= LATE_P99_MAX_MS) reasons.push(`p99 ${slots.lateP99Ms} ms late`);
  if (alarms.down + alarms.incidents > 0) reasons.push(`${alarms.down} false down, ${alarms.incidents} incidents`);
  if (restarts > 0) reasons.push(`workerd ended ${restarts} times`);
  if (reasons.length > 0 && targetBusy > TARGET_BUSY_MAX) reasons.push('the target may be what is slow');
  return reasons;
}

function tell({ monitors, checksPerSecond: rate, figures }: Step): void {
  console.log(`${monitors} monitors, ${rounded(rate, 1)} checks/s: ${figures.verdict}`);
}
