import { UPLINK_EVENTS_MAX } from '#domain/wire/wire.ts';
import { log, reasonOf } from './log.ts';
import type { OutboxRow, ShardStorage } from './shard-storage.ts';
import type { Delivery } from './uplink.ts';

/** Results wait this long for others. A fifth of a second is not noticed on a screen, and saves most deliveries. */
const LINGER_MS = 200;
/** Waits between failed deliveries double up to the maximum, so that a core that is back has the events in seconds. */
const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 5_000;
/** Some hours of a full shard at 5 s and six locations, days of a usual one; a tenth of what an object may hold. */
const OUTBOX_BYTES_MAX = 1024 * 1024 * 1024;
/** Results dropped together when the outbox is full: room for some seconds. */
const DROP_STEP = 5_000;

interface OutboxLimits {
  readonly bytesMax: number;
  readonly lingerMs: number;
}

/**
 * Delivers the events of a shard. The next batch gathers while one delivery is under way. Rows are removed only after
 * the core has acknowledged them, so they arrive at least once and in order.
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
   * Starts a delivery of waiting events: at once when one is urgent (a transition), otherwise after the linger. Returns
   * the running delivery, which keeps the object awake.
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

  /** Drops the oldest results when the outbox is over its bound; transitions are never dropped. */
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
        // After a full batch more events may wait: the next delivery starts without a linger.
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
    // A batch that the core refuses for good is a bug of edge or core. The batch is kept, and each attempt logs an error.
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
