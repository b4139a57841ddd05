/**
 * Uptime over rounds: up / (up + down). Rounds nobody could judge (unknown, maintenance) are counted, shown
 * and left out; where nothing was judged the answer is null, never 0 and never 100.
 */
export interface RoundTally {
  readonly up: number;
  readonly down: number;
  readonly unknown: number;
  /** Seconds that the rounds judged down stand for. */
  readonly downSeconds: number;
}

export interface HourTally extends RoundTally {
  /** Start of the UTC hour, milliseconds since the epoch. */
  readonly hourMs: number;
}

/** One bar of a chart: a UTC day. */
export interface DayUptime {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly uptimePercent: number | null;
  readonly downSeconds: number;
}

const DAY_MS = 86_400_000;
/** Three decimals: 0.001 % of a 30-day month is 26 seconds. */
const PERCENT_STEP = 1000;

export const EMPTY_TALLY: RoundTally = { up: 0, down: 0, unknown: 0, downSeconds: 0 };

/** Sums tallies: hours to a day, days to a window. */
export function sumTallies(tallies: Iterable<RoundTally>): RoundTally {
  let { up, down, unknown, downSeconds } = EMPTY_TALLY;
  for (const tally of tallies) {
    up += tally.up;
    down += tally.down;
    unknown += tally.unknown;
    downSeconds += tally.downSeconds;
  }
  return { up, down, unknown, downSeconds };
}

/**
 * 0-100 to three decimals, rounded away from the ends: 100 only without any downtime, 0 only without any
 * uptime. Null when nothing was judged.
 */
export function uptimePercent(tally: Pick<RoundTally, 'up' | 'down'>): number | null {
  const judged = tally.up + tally.down;
  if (judged === 0) return null;
  const steps = (tally.up / judged) * 100 * PERCENT_STEP;
  if (tally.down === 0 || tally.up === 0) return steps / PERCENT_STEP;
  return Math.min(Math.max(Math.round(steps), 1), 100 * PERCENT_STEP - 1) / PERCENT_STEP;
}

/**
 * One entry for each UTC day that [fromMs, untilMs) touches, oldest first; a day without judged rounds is a
 * gap (null). Hours outside are ignored.
 */
export function dailyUptime(hours: Iterable<HourTally>, fromMs: number, untilMs: number): DayUptime[] {
  const byDay = new Map<number, RoundTally>();
  for (const hour of hours) {
    const day = startOfUtcDay(hour.hourMs);
    byDay.set(day, sumTallies([byDay.get(day) ?? EMPTY_TALLY, hour]));
  }
  const days: DayUptime[] = [];
  for (let day = startOfUtcDay(fromMs); day < untilMs; day += DAY_MS) {
    const tally = byDay.get(day) ?? EMPTY_TALLY;
    days.push({ date: utcDate(day), uptimePercent: uptimePercent(tally), downSeconds: tally.downSeconds });
  }
  return days;
}

/** Midnight UTC at or before `atMs`. Days in UTC have no daylight saving and 86,400 seconds each. */
export function startOfUtcDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

function utcDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
