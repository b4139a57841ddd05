import type { StreamConsumer, Streams } from '../context.ts';
import { ProblemError } from '../platform/problem-error.ts';
import { kindOf } from './consumer-kinds.ts';
import { mayPass } from './failure.ts';

/**
 * Most messages that may wait for one consumer. When it is reached, `publish` rejects and the edge keeps its events.
 */
const WAITING_MAX = 10_000;
/** Most messages handled at once, like a batch of the uplink. */
const BATCH_MAX = 500;

interface Delivery {
  readonly messages: readonly unknown[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The stream inside one process. `publish` resolves when every consumer has committed, so an acknowledgement to the
 * edge means the same as with JetStream. A failure rejects, and the edge sends again.
 */
export function createInProcessStreams(): Streams {
  const queues: ConsumerQueue[] = [];
  return {
    async publish(events) {
      const deliveries = queues.flatMap((queue) => {
        const messages = events.filter((event) => queue.takes(event));
        return messages.length === 0 ? [] : [queue.deliver(messages)];
      });
      // All of them are awaited, so that no consumer's rejection stays unhandled.
      const outcomes = await Promise.allSettled(deliveries);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
    },
    async consume(consumer) {
      queues.push(new ConsumerQueue(consumer));
    },
    async readiness() {},
    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}

/** The queue of one consumer: one batch at a time, several deliveries together. */
class ConsumerQueue {
  readonly #consumer: StreamConsumer;
  readonly #kinds: ReadonlySet<string>;
  #waiting: Delivery[] = [];
  #waitingMessages = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(consumer: StreamConsumer) {
    this.#consumer = consumer;
    this.#kinds = new Set(consumer.kinds);
  }

  takes(message: unknown): boolean {
    return this.#kinds.has(kindOf(message));
  }

  async deliver(messages: readonly unknown[]): Promise<void> {
    if (this.#closed || this.#waitingMessages + messages.length > WAITING_MAX) {
      throw new ProblemError('unavailable', 'The core cannot take more events at the moment.');
    }
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ messages, resolve, reject });
    });
    this.#waitingMessages += messages.length;
    this.#running ??= this.#drain();
    return done;
  }

  /** Accepts nothing more; finishes accepted messages. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#settle(this.#nextBatch());
    }
    this.#running = undefined;
  }

  async #settle(batch: readonly Delivery[]): Promise<void> {
    try {
      await this.#consumer.handle(batch.flatMap((delivery) => delivery.messages));
      for (const delivery of batch) delivery.resolve();
    } catch (error) {
      if (batch.length === 1 || mayPass(error)) for (const delivery of batch) delivery.reject(error);
      // Each delivery is handled alone, so that one shard's failure does not reject the other deliveries.
      else for (const delivery of batch) await this.#settle([delivery]);
    }
  }

  #nextBatch(): Delivery[] {
    const batch: Delivery[] = [];
    let size = 0;
    for (const delivery of this.#waiting) {
      if (batch.length > 0 && size + delivery.messages.length > BATCH_MAX) break;
      batch.push(delivery);
      size += delivery.messages.length;
    }
    this.#waiting = this.#waiting.slice(batch.length);
    this.#waitingMessages -= size;
    return batch;
  }
}
