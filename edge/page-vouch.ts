import { VOUCHED_MS_MAX } from '#domain/page/component-freshness.ts';
import type { Watch } from '#domain/watch/host.ts';
import { blindMsMax } from '#domain/watch/watch.ts';
import type { CoordinatorEnv } from './env.ts';
import { log, reasonOf } from './log.ts';

/** A quarter of the shortest time for which a status holds: three of four words may be lost. */
const TELL_EVERY_MS = 20_000;
/** Monitors with a longer interval are vouched for before the first round of a shard that was restarted. */
const SHORT_INTERVAL_SECONDS = 60;

/** Until when a component's status holds. */
export interface Vouched {
  readonly componentId: string;
  readonly untilMs: number;
}

/**
 * Tells the page objects which components are still checked. Only a shard that stores what it judges vouches, so a page
 * says `unknown` when the disk is full or the shard has stopped, although nobody tells it so.
 */
export class PageVouch {
  readonly #pages: CoordinatorEnv['STATUS_PAGES'];
  readonly #wokenMs: number;
  /** When something of each monitor was last stored. */
  readonly #storedMs = new Map<string, number>();
  #toldMs = 0;

  constructor(pages: CoordinatorEnv['STATUS_PAGES'], wokenMs: number) {
    this.#pages = pages;
    this.#wokenMs = wokenMs;
  }

  /** What arrived of these monitors has been stored. */
  stored(monitorIds: Iterable<string>, nowMs: number): void {
    for (const monitorId of monitorIds) {
      if (!this.#storedMs.has(monitorId)) this.renew();
      this.#storedMs.set(monitorId, nowMs);
    }
  }

  /** There are monitors or components that pages have not been told of: the next call of `tell` does not wait. */
  renew(): void {
    this.#toldMs = 0;
  }

  forget(monitorId: string): void {
    this.#storedMs.delete(monitorId);
  }

  /** Tells every page, unless it was told a moment ago. */
  async tell(watches: Iterable<Watch>, nowMs: number): Promise<void> {
    if (nowMs - this.#toldMs < TELL_EVERY_MS) return;
    this.#toldMs = nowMs;
    const vouched = [...watches].flatMap((watch) => this.#vouchedOf(watch, nowMs));
    await Promise.all([...Map.groupBy(vouched, ({ slug }) => slug)].map(([slug, ofPage]) => this.#tell(slug, ofPage)));
  }

  #vouchedOf({ assigned }: Watch, nowMs: number): (Vouched & { slug: string })[] {
    const { id, intervalSeconds, components } = assigned;
    const storedMs = this.#storedMs.get(id) ?? (intervalSeconds > SHORT_INTERVAL_SECONDS ? this.#wokenMs : 0);
    const untilMs = Math.min(storedMs + blindMsMax(assigned), nowMs + VOUCHED_MS_MAX);
    if (untilMs <= nowMs) return [];
    return components.map(({ slug, componentId }) => ({ slug, componentId, untilMs }));
  }

  async #tell(slug: string, vouched: readonly Vouched[]): Promise<void> {
    try {
      await this.#pages.getByName(slug).vouch(vouched.map(({ componentId, untilMs }) => ({ componentId, untilMs })));
    } catch (error) {
      log('warn', 'a status page could not be told that its components are checked', { slug, reason: reasonOf(error) });
    }
  }
}
