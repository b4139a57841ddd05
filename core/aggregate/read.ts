import type { Uptime, UptimeWindow } from '#domain/api/monitor.ts';
import { DAY_MS, HOUR_MS } from '#domain/base/duration.ts';
import { dailyUptime, roundedSeconds, sumTallies, uptimePercent } from '#domain/figures/uptime.ts';
import type { CoreContext, Database, Transaction, UptimeFigures } from '../context.ts';
import type { Reader } from '../unit-of-work.ts';
import { readTallies, sumTalliesOf } from './tallies.ts';

export { readSeries } from './series.ts';

const WINDOW_DAYS = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 } as const satisfies Record<UptimeWindow, number>;

/** Uptime over the window, which begins with a whole hour. */
export async function readUptime(ctx: CoreContext, monitorId: string, window: UptimeWindow): Promise<Uptime> {
  const to = ctx.clock.now();
  const from = startOfWindow(to, WINDOW_DAYS[window]);
  const spans = (await readTallies(ctx.db, [monitorId], from, to)).get(monitorId) ?? [];
  const total = sumTallies(spans);
  return {
    window,
    from: from.toISOString(),
    to: to.toISOString(),
    uptimePercent: uptimePercent(total),
    upRounds: total.up,
    downRounds: total.down,
    unknownRounds: total.unknown,
    upSeconds: roundedSeconds(total.upSeconds),
    downSeconds: roundedSeconds(total.downSeconds),
    unknownSeconds: roundedSeconds(total.unknownSeconds),
    days: dailyUptime(spans, from.getTime(), to.getTime()),
  };
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
/** Most figures in memory: about 3 MB. */
const CACHED_MAX = 20_000;

interface Cached {
  readonly value: number | null;
  readonly atMs: number;
}

/** Uptime percent of the last 24 hours, null where nothing was judged; at most 60 s old. */
export function readUptime24h(
  ctx: Pick<Reader, 'db' | 'uptimes'>,
  monitorIds: readonly string[],
): Promise<Map<string, number | null>> {
  return ctx.uptimes.read(ctx.db, monitorIds);
}

export class UptimeCache implements UptimeFigures {
  readonly #ctx: Pick<CoreContext, 'db' | 'clock' | 'logger'>;
  readonly #known = new Map<string, Cached>();
  #renewal: Promise<void> | undefined;

  constructor(ctx: Pick<CoreContext, 'db' | 'clock' | 'logger'>) {
    this.#ctx = ctx;
  }

  async read(db: Database | Transaction, monitorIds: readonly string[]): Promise<Map<string, number | null>> {
    const nowMs = this.#ctx.clock.now().getTime();
    const olderThan = (ms: number, nullMs: number) =>
      monitorIds.filter((id) => {
        const known = this.#known.get(id);
        return known === undefined || nowMs - known.atMs > (known.value === null ? nullMs : ms);
      });
    const expired = olderThan(CACHED_MS, NULL_CACHED_MS);
    if (expired.length > 0) await this.#count(db, expired);
    const aged = olderThan(RENEWED_AFTER_MS, NULL_CACHED_MS);
    this.#renew(aged);
    return new Map(monitorIds.map((id) => [id, this.#known.get(id)?.value ?? null]));
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
    const tallies = await sumTalliesOf(db, monitorIds, startOfWindow(now, 1), now);
    for (const id of monitorIds) {
      const tally = tallies.get(id);
      this.#known.delete(id);
      this.#known.set(id, { value: tally === undefined ? null : uptimePercent(tally), atMs: now.getTime() });
    }
    // A Map iterates in the order of insertion: the first entries were counted longest ago.
    for (const id of this.#known.keys()) {
      if (this.#known.size <= CACHED_MAX) break;
      this.#known.delete(id);
    }
  }
}
