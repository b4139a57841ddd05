import { DAY_MS } from '../base/duration.ts';
/**
 * Uptime is time by verdict: up / (up + down), in seconds. A verdict stands from its slot until the next round, at most
 * the monitor's interval. Degraded counts as up. Unknown time is counted and shown, but not part of the fraction. Where
 * nothing was judged, uptime is null.
 */
export interface Tally {
  /** Rounds by verdict whose slots are in the span. */
  readonly up: number;
  readonly down: number;
  readonly unknown: number;
  /** Time of the span for which each verdict stood. */
  readonly upSeconds: number;
  readonly downSeconds: number;
  readonly unknownSeconds: number;
}

/** The tally of a UTC hour, or of a UTC day. */
export interface SpanTally extends Tally {
  /** Start of the span, milliseconds since the epoch. */
  readonly startMs: number;
}

/** One UTC day, a bar of a chart. */
export interface DayUptime {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly uptimePercent: number | null;
  readonly downSeconds: number;
  /** Time up and down, where that is not the whole day: `uptimePercent` is a part of this time. */
  readonly measuredSeconds?: number;
}

/** Percentages have three decimals: 0.001 % of a 30-day month is 26 seconds. */
const PERCENT_STEP = 1000;

const EMPTY_TALLY: Tally = { up: 0, down: 0, unknown: 0, upSeconds: 0, downSeconds: 0, unknownSeconds: 0 };

/** Sums tallies: hours to a day, days to a window. */
export function sumTallies(tallies: Iterable<Tally>): Tally {
  let { up, down, unknown, upSeconds, downSeconds, unknownSeconds } = EMPTY_TALLY;
  for (const tally of tallies) {
    up += tally.up;
    down += tally.down;
    unknown += tally.unknown;
    upSeconds += tally.upSeconds;
    downSeconds += tally.downSeconds;
    unknownSeconds += tally.unknownSeconds;
  }
  return { up, down, unknown, upSeconds, downSeconds, unknownSeconds };
}

/** Seconds rounded to the millisecond, because sums of fractions have rounding errors. */
export function roundedSeconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/**
 * Uptime 0-100 with three decimals, rounded away from the ends: 100 only without any downtime, 0 only without any
 * uptime. Null when nothing was judged.
 */
export function uptimePercent({ upSeconds, downSeconds }: Pick<Tally, 'upSeconds' | 'downSeconds'>): number | null {
  if (upSeconds === 0 && downSeconds === 0) return null;
  if (downSeconds === 0) return 100;
  if (upSeconds === 0) return 0;
  const steps = Math.round((upSeconds / (upSeconds + downSeconds)) * 100 * PERCENT_STEP);
  return Math.min(Math.max(steps, 1), 100 * PERCENT_STEP - 1) / PERCENT_STEP;
}

/** A day is measured as a whole when at most this much of it has no verdict: a few missed slots change no digit. */
const UNMEASURED_SECONDS_MAX = 60;
const DAY_SECONDS = DAY_MS / 1000;

/**
 * One entry for each UTC day that [fromMs, untilMs) touches, oldest first. The uptime of a day without verdicts is
 * null. Spans outside are ignored.
 */
export function dailyUptime(spans: Iterable<SpanTally>, fromMs: number, untilMs: number): DayUptime[] {
  const byDay = new Map<number, Tally>();
  for (const span of spans) {
    const day = startOfUtcDay(span.startMs);
    byDay.set(day, sumTallies([byDay.get(day) ?? EMPTY_TALLY, span]));
  }
  const days: DayUptime[] = [];
  for (let day = startOfUtcDay(fromMs); day < untilMs; day += DAY_MS) {
    const tally = byDay.get(day) ?? EMPTY_TALLY;
    // Percentage and downtime are both made from the rounded seconds, so that 100 % and no downtime go together.
    const upSeconds = roundedSeconds(tally.upSeconds);
    const downSeconds = roundedSeconds(tally.downSeconds);
    const measuredSeconds = Math.round(upSeconds + downSeconds);
    days.push({
      date: utcDate(day),
      uptimePercent: uptimePercent({ upSeconds, downSeconds }),
      downSeconds,
      ...(measuredSeconds > 0 && measuredSeconds < DAY_SECONDS - UNMEASURED_SECONDS_MAX ? { measuredSeconds } : {}),
    });
  }
  return days;
}

/** Midnight UTC at or before `atMs`. UTC days have no daylight saving and 86,400 seconds each. */
export function startOfUtcDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

function utcDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
