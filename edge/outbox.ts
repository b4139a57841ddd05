import { UPLINK_EVENTS_MAX } from '#domain/wire/wire.ts';
import { log, reasonOf } from './log.ts';
import type { OutboxRow, ShardStorage } from './shard-storage.ts';
import type { Delivery } from './uplink.ts';

/** Results wait this long for company: a fifth of a second is not seen on a screen, and saves most deliveries. */
const LINGER_MS = 200;
/** Waits between failed deliveries double up to this: a core that is back is told within seconds. */
const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 5_000;
/** Some hours of a full shard at 5 s and six locations, days of a usual one; a tenth of what an object may hold. */
const OUTBOX_BYTES_MAX = 1024 * 1024 * 1024;
/** Given up together when the outbox is full: room for some seconds at once. */
const DROP_STEP = 5_000;

interface OutboxLimits {
  readonly bytesMax: number;
  readonly lingerMs: number;
}

/**
 * The way of events out of the shard. While one delivery is on its way the next batch gathers; rows leave only
 * when the core has acknowledged them, so they arrive at least once and in order.
 */
export class Outbox {
  readonly #storage: ShardStorage;
  readonly #deliver: (rows: readonly OutboxRow[]) => Promise<Delivery>;
  readonly #limits: OutboxLimits;
  #running = false;
  #run: Promise<void> = Promise.resolve();
  #urgent = false;
  #hurry: () => void = () => undefined;

  constructor(
    storage: ShardStorage,
    deliver: (rows: readonly OutboxRow[]) => Promise<Delivery>,
    limits: Partial<OutboxLimits> = {},
  ) {
    this.#storage = storage;
    this.#deliver = deliver;
    this.#limits = { bytesMax: OUTBOX_BYTES_MAX, lingerMs: LINGER_MS, ...limits };
  }

  /**
   * Sees to it that what waits is sent: at once when something urgent waits (a transition), else within the
   * linger. Returns the running delivery, for the caller to keep the object awake.
   */
  wake(urgency: 'now' | 'soon'): Promise<void> {
    if (urgency === 'now') {
      this.#urgent = true;
      this.#hurry();
    }
    if (!this.#running) {
      this.#running = true;
      this.#run = this.#sendAll();
    }
    return this.#run;
  }

  /** Keeps the outbox within its bounds by giving up the oldest results, never a transition. */
  enforceBounds(): void {
    if (this.#storage.outboxBytes <= this.#limits.bytesMax) return;
    const dropped = this.#storage.dropOldestResults(DROP_STEP);
    const total = this.#storage.resultsDropped + dropped;
    this.#storage.saveResultsDropped(total);
    log('error', 'outbox full, oldest results given up', { shard: this.#storage.shard, dropped, total });
  }

  async #sendAll(): Promise<void> {
    try {
      for (let failures = 0; ; ) {
        if (!this.#urgent) await this.#linger();
        this.#urgent = false;
        const rows = this.#storage.oldestEvents(UPLINK_EVENTS_MAX);
        if (rows.length === 0) return;
        failures = (await this.#send(rows)) ? 0 : failures + 1;
        // After a full batch more may wait: go on without lingering.
        if (failures === 0 && rows.length === UPLINK_EVENTS_MAX) this.#urgent = true;
        if (failures > 0) await scheduler.wait(backoffMs(failures));
      }
    } finally {
      this.#running = false;
    }
  }

  async #send(rows: readonly OutboxRow[]): Promise<boolean> {
    const delivery = await this.#attempt(rows);
    if (delivery.accepted) {
      this.#storage.removeEvents(rows);
      return true;
    }
    // A batch the core will never take is a bug on one side; it is kept and shouted about, not thrown away.
    log(delivery.kind === 'permanent' ? 'error' : 'warn', 'delivery failed', {
      shard: this.#storage.shard,
      events: rows.length,
      kind: delivery.kind,
      detail: delivery.detail,
    });
    return false;
  }

  async #attempt(rows: readonly OutboxRow[]): Promise<Delivery> {
    try {
      return await this.#deliver(rows);
    } catch (error) {
      return { accepted: false, kind: 'retryable', detail: reasonOf(error) };
    }
  }

  #linger(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#limits.lingerMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Full jitter (Marc Brooker, AWS Architecture Blog, "Exponential Backoff And Jitter"). */
function backoffMs(failures: number): number {
  return Math.random() * Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures);
}
