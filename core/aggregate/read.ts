import type { Uptime, UptimeWindow } from '#domain/api/monitor.ts';
import { DAY_MS, HOUR_MS } from '#domain/base/duration.ts';
import { dailyUptime, roundedSeconds, type SpanTally, sumTallies, uptimePercent } from '#domain/figures/uptime.ts';
import type { CoreContext, Database, Transaction, UptimeFigures } from '../context.ts';
import type { Reader } from '../unit-of-work.ts';
import { readTallies, type WindowTally } from './tallies.ts';

export { readSeries } from './series.ts';

const WINDOW_DAYS = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 } as const satisfies Record<UptimeWindow, number>;

/** A window of a monitor, as counted at its end. */
interface WindowFigure {
  readonly from: Date;
  readonly to: Date;
  readonly days: readonly SpanTally[];
  /** The first verdict, when the verdicts do not reach back to the window's beginning. */
  readonly since: Date | null;
}

/** Uptime over the window, which begins with a whole hour, counted now. */
export async function readUptime(
  ctx: Pick<CoreContext, 'db' | 'clock'>,
  monitorId: string,
  window: UptimeWindow,
): Promise<Uptime> {
  const figures = await countWindow(ctx.db, [monitorId], WINDOW_DAYS[window], ctx.clock.now());
  return describeWindow(window, figures.get(monitorId) as WindowFigure);
}

function describeWindow(window: UptimeWindow, { from, to, days, since }: WindowFigure): Uptime {
  const total = sumTallies(days);
  return {
    window,
    from: from.toISOString(),
    to: to.toISOString(),
    since: since?.toISOString() ?? null,
    uptimePercent: uptimePercent(total),
    upRounds: total.up,
    downRounds: total.down,
    unknownRounds: total.unknown,
    upSeconds: roundedSeconds(total.upSeconds),
    downSeconds: roundedSeconds(total.downSeconds),
    unknownSeconds: roundedSeconds(total.unknownSeconds),
    days: dailyUptime(days, from.getTime(), to.getTime()),
  };
}

/** One figure per monitor, also for a monitor without verdicts. */
async function countWindow(
  db: Database | Transaction,
  monitorIds: readonly string[],
  windowDays: number,
  to: Date,
): Promise<Map<string, WindowFigure>> {
  const from = startOfWindow(to, windowDays);
  const tallies = await readTallies(db, monitorIds, from, to);
  return new Map(
    monitorIds.map((id) => {
      const tally = tallies.get(id);
      const since =
        tally === undefined ? null : uncoveredSince(tally, new Date(to.getTime() - windowDays * DAY_MS), to);
      return [id, { from, to, days: tally?.days ?? [], since }];
    }),
  );
}

/** A window counts as covered when the time before its first verdict is at most this part of it: 14 minutes of a day. */
const UNCOVERED_SHARE_MAX = 0.01;

/** The first verdict of the window, or null when it reaches back to the window's beginning. */
export function uncoveredSince({ firstVerdictAt }: WindowTally, from: Date, to: Date): Date | null {
  const missingMs = firstVerdictAt.getTime() - from.getTime();
  return missingMs <= UNCOVERED_SHARE_MAX * (to.getTime() - from.getTime()) ? null : firstVerdictAt;
}

function startOfWindow(to: Date, days: number): Date {
  return new Date(Math.floor((to.getTime() - days * DAY_MS) / HOUR_MS) * HOUR_MS);
}

/**
 * A figure stays the same for a period of the clock, so that everybody who reads within it reads the same: a list and
 * the monitor's own page, opened one after the other. What is counted meanwhile is shown from the next period on.
 */
const PERIOD_MS = 20_000;
/** Largest age of a figure at the beginning of a period: at its end it is a minute old. */
const CACHED_MS = 40_000;
/** Largest age of a null. The first figure of a new monitor is due soon, so a list waits for the count. */
const NULL_CACHED_MS = 3_000;
/** Most figures of either kind in memory: about 12 MB. */
const CACHED_MAX = 20_000;

/** Uptime of the last 24 hours, at most 60 s old: the same figure in lists and on the monitor's own page. */
export function readUptime24h(
  ctx: Pick<Reader, 'db' | 'uptimes'>,
  monitorIds: readonly string[],
): Promise<Map<string, Uptime>> {
  return ctx.uptimes.read(ctx.db, monitorIds);
}

/** A figure, and the period in which it was shown last. */
interface Shown {
  readonly figure: Uptime;
  readonly period: number;
}

export class UptimeCache implements UptimeFigures {
  readonly #ctx: Pick<CoreContext, 'db' | 'clock' | 'logger'>;
  readonly #shown = new Map<string, Shown>();
  /** Counted since the figure was shown first in its period; the first reader of another period takes them over. */
  readonly #renewed = new Map<string, Uptime>();
  #renewal: Promise<void> | undefined;

  constructor(ctx: Pick<CoreContext, 'db' | 'clock' | 'logger'>) {
    this.#ctx = ctx;
  }

  async read(db: Database | Transaction, monitorIds: readonly string[]): Promise<Map<string, Uptime>> {
    const nowMs = this.#ctx.clock.now().getTime();
    const period = Math.floor(nowMs / PERIOD_MS);
    for (const id of monitorIds) this.#begin(id, period);
    const missing = monitorIds.filter((id) => this.#isMissing(id, nowMs));
    for (const [id, figure] of missing.length === 0 ? [] : await this.#count(db, missing)) {
      // Of readers that counted side by side, the first one decides.
      if (this.#isMissing(id, nowMs)) keep(this.#shown, id, { figure, period });
    }
    this.#renew(monitorIds.filter((id) => this.#isOfEarlierPeriod(id, period) && !this.#renewed.has(id)));
    return new Map(
      monitorIds.flatMap((id) => {
        const shown = this.#shown.get(id);
        return shown === undefined ? [] : [[id, shown.figure]];
      }),
    );
  }

  /** For the first reader of a period: the figure of the whole period is the newest there is, unless that is too old. */
  #begin(id: string, period: number): void {
    const shown = this.#shown.get(id);
    if (shown === undefined || shown.period === period) return;
    const figure = this.#renewed.get(id) ?? shown.figure;
    this.#renewed.delete(id);
    if (period * PERIOD_MS - Date.parse(figure.to) > CACHED_MS) this.#shown.delete(id);
    else keep(this.#shown, id, { figure, period });
  }

  #isMissing(id: string, nowMs: number): boolean {
    const figure = this.#shown.get(id)?.figure;
    return figure === undefined || (figure.uptimePercent === null && nowMs - Date.parse(figure.to) > NULL_CACHED_MS);
  }

  #isOfEarlierPeriod(id: string, period: number): boolean {
    const to = this.#shown.get(id)?.figure.to;
    return to !== undefined && Math.floor(Date.parse(to) / PERIOD_MS) < period;
  }

  /**
   * One renewal at a time: the next reader uses its result or starts another. No caller waits for a renewal, so the
   * renewal runs on the pool even if the reader is inside a unit of work, whose connection may be released earlier.
   */
  #renew(monitorIds: readonly string[]): void {
    if (monitorIds.length === 0 || this.#renewal !== undefined) return;
    const { db, logger } = this.#ctx;
    this.#renewal = this.#count(db, monitorIds)
      .then((figures) => {
        for (const [id, figure] of figures) keep(this.#renewed, id, figure);
      })
      .catch((error: unknown) => logger.warn({ err: error }, 'uptime figures could not be renewed'))
      .finally(() => {
        this.#renewal = undefined;
      });
  }

  async #count(db: Database | Transaction, monitorIds: readonly string[]): Promise<Map<string, Uptime>> {
    const figures = await countWindow(db, monitorIds, WINDOW_DAYS['24h'], this.#ctx.clock.now());
    return new Map([...figures].map(([id, figure]) => [id, describeWindow('24h', figure)]));
  }
}

/** A Map iterates in the order of insertion: the entries that go are those kept longest ago. */
function keep<T>(kept: Map<string, T>, id: string, value: T): void {
  kept.delete(id);
  kept.set(id, value);
  for (const oldest of kept.keys()) {
    if (kept.size <= CACHED_MAX) break;
    kept.delete(oldest);
  }
}
