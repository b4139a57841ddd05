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

/** Largest age of a figure in a list. */
const CACHED_MS = 60_000;
/** A figure older than this is answered once more while its renewal runs, so that a list does not wait for it. */
const RENEWED_AFTER_MS = 20_000;
/** Largest age of a null. The first figure of a new monitor is due soon, so a list waits for the count. */
const NULL_CACHED_MS = 3_000;
/** Most figures in memory: about 12 MB. */
const CACHED_MAX = 20_000;

/** Uptime of the last 24 hours, at most 60 s old: the same figure in lists and on the monitor's own page. */
export function readUptime24h(
  ctx: Pick<Reader, 'db' | 'uptimes'>,
  monitorIds: readonly string[],
): Promise<Map<string, Uptime>> {
  return ctx.uptimes.read(ctx.db, monitorIds);
}

export class UptimeCache implements UptimeFigures {
  readonly #ctx: Pick<CoreContext, 'db' | 'clock' | 'logger'>;
  readonly #known = new Map<string, Uptime>();
  #renewal: Promise<void> | undefined;

  constructor(ctx: Pick<CoreContext, 'db' | 'clock' | 'logger'>) {
    this.#ctx = ctx;
  }

  async read(db: Database | Transaction, monitorIds: readonly string[]): Promise<Map<string, Uptime>> {
    const nowMs = this.#ctx.clock.now().getTime();
    const olderThan = (ms: number, nullMs: number) =>
      monitorIds.filter((id) => {
        const known = this.#known.get(id);
        return known === undefined || nowMs - Date.parse(known.to) > (known.uptimePercent === null ? nullMs : ms);
      });
    const expired = olderThan(CACHED_MS, NULL_CACHED_MS);
    if (expired.length > 0) await this.#count(db, expired);
    const aged = olderThan(RENEWED_AFTER_MS, NULL_CACHED_MS);
    this.#renew(aged);
    return new Map(
      monitorIds.flatMap((id) => {
        const known = this.#known.get(id);
        return known === undefined ? [] : [[id, known]];
      }),
    );
  }

  /**
   * One renewal at a time: the next reader uses its result or starts another. No caller waits for a renewal, so the
   * renewal runs on the pool even if the reader is inside a unit of work, whose connection may be released earlier.
   */
  #renew(monitorIds: readonly string[]): void {
    if (monitorIds.length === 0 || this.#renewal !== undefined) return;
    const { db, logger } = this.#ctx;
    this.#renewal = this.#count(db, monitorIds)
      .catch((error: unknown) => logger.warn({ err: error }, 'uptime figures could not be renewed'))
      .finally(() => {
        this.#renewal = undefined;
      });
  }

  async #count(db: Database | Transaction, monitorIds: readonly string[]): Promise<void> {
    const now = this.#ctx.clock.now();
    for (const [id, figure] of await countWindow(db, monitorIds, WINDOW_DAYS['24h'], now)) {
      this.#known.delete(id);
      this.#known.set(id, describeWindow('24h', figure));
    }
    // A Map iterates in the order of insertion: the first entries were counted longest ago.
    for (const id of this.#known.keys()) {
      if (this.#known.size <= CACHED_MAX) break;
      this.#known.delete(id);
    }
  }
}
