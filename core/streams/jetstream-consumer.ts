import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { parkMessages } from '#db/sql/park-messages.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { kindOf } from './consumer-kinds.ts';
import { databaseAnswers, mayPass } from './failure.ts';

/** One stream for all events. */
export const STREAM = 'BLACKTIDE';
/** Messages handled at once, like a batch of the uplink. */
const BATCH_MAX = 500;
/** A message that failed this often is parked. Below the server's own limit, at which it would only be stuck. */
const PARK_AFTER = 8;
/** A message that failed alone waits this long, doubled with every delivery. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 300_000;
/** While the database is away, or has no room, the batch in hand is kept and tried again. */
const DATABASE_RETRY_MS = 2_000;
/** A server that was restarted has forgotten our pull: two missed heartbeats tell, and we pull again. */
const PULL_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/** Before the stream is looked for again after it was lost. */
const RESUME_MS = 1_000;

type Context = Pick<CoreContext, 'sql' | 'db' | 'logger' | 'metrics'>;

/** One durable pull consumer: batches in order, acknowledged after the handler has committed. */
export class JetStreamConsumer {
  readonly #ctx: Context;
  readonly #client: JetStreamClient;
  readonly #ensureStream: () => Promise<void>;
  readonly #consumer: StreamConsumer;
  readonly #durable: string;
  readonly #closing = new AbortController();
  /** Bounded by the consumer's max_ack_pending. */
  #waiting: JsMsg[] = [];
  #handling: Promise<void> | undefined;
  #messages: ConsumerMessages | undefined;
  #pulling: Promise<void> | undefined;

  constructor(
    ctx: Context,
    client: JetStreamClient,
    ensureStream: () => Promise<void>,
    consumer: StreamConsumer,
    durable: string,
  ) {
    this.#ctx = ctx;
    this.#client = client;
    this.#ensureStream = ensureStream;
    this.#consumer = consumer;
    this.#durable = durable;
  }

  /** Begins to pull; from then on it goes on by itself, whatever happens to the server. */
  async start(): Promise<void> {
    await this.#pull();
    this.#pulling = this.#keepPulling();
  }

  /** Ends after the batch in hand; what waits behind it is given back at once. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#messages?.close();
    await this.#pulling;
    await this.#handling;
    for (const message of this.#waiting) message.nak();
  }

  async #pull(): Promise<void> {
    const consumer = await this.#client.consumers.get(STREAM, this.#durable);
    this.#messages = await consumer.consume({
      max_messages: BATCH_MAX,
      expires: PULL_MS,
      idle_heartbeat: HEARTBEAT_MS,
      // A stream that was deleted is made anew instead of being waited for.
      abort_on_missing_resource: true,
      callback: (message) => this.#receive(message),
    });
  }

  async #keepPulling(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#messages?.closed();
        if (this.#closed) return;
        await this.#pause(RESUME_MS);
        await this.#ensureStream();
        await this.#pull();
      } catch (error) {
        this.#ctx.logger.warn({ err: error, durable: this.#durable }, 'the stream cannot be read');
      }
    }
  }

  #receive(message: JsMsg): void {
    this.#waiting.push(message);
    this.#handling ??= this.#handleWaiting();
  }

  async #handleWaiting(): Promise<void> {
    // What arrives in one network packet is one batch.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#closed) {
      const batch = this.#waiting.splice(0, BATCH_MAX);
      try {
        await this.#handle(await this.#withoutExhausted(batch));
      } catch (error) {
        // Not acknowledged, so the server brings them again.
        this.#ctx.logger.error({ err: error, durable: this.#durable }, 'a batch could not be settled');
      }
    }
    this.#handling = undefined;
  }

  async #handle(batch: readonly JsMsg[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      await this.#consumer.handle(batch.map(contentOf));
      for (const message of batch) message.ack();
      this.#ctx.metrics.gauge('stream_pending', batch.at(-1)?.info.pending ?? 0, { durable: this.#durable });
    } catch (error) {
      await this.#recover(batch, error);
    }
  }

  /** What may pass is nobody's fault, and nobody is parked for it; else the messages are tried alone, to find whose it is. */
  async #recover(batch: readonly JsMsg[], error: unknown): Promise<void> {
    if (mayPass(error) || !(await databaseAnswers(this.#ctx))) {
      this.#ctx.logger.warn({ err: error, durable: this.#durable, messages: batch.length }, 'waiting for the database');
      for (const message of batch) message.working();
      await this.#pause(DATABASE_RETRY_MS);
      if (!this.#closed) return this.#handle(batch);
      for (const message of batch) message.nak();
      return;
    }
    const [first, ...others] = batch;
    if (first === undefined) return;
    if (others.length > 0) {
      for (const message of batch) await this.#handle([message]);
      return;
    }
    this.#ctx.logger.error({ err: error, durable: this.#durable, seq: first.seq }, 'a message could not be handled');
    first.nak(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (first.info.deliveryCount - 1)));
  }

  /** Counted by the server, so it also ends a message that takes its process down every time. */
  async #withoutExhausted(batch: readonly JsMsg[]): Promise<JsMsg[]> {
    const usable: JsMsg[] = [];
    for (const message of batch) {
      if (message.info.deliveryCount <= PARK_AFTER) {
        usable.push(message);
        continue;
      }
      const subject = kindOf(contentOf(message));
      const reason = `failed ${PARK_AFTER} times`;
      await parkMessages(this.#ctx.db, [{ subject, consumer: this.#consumer.name, reason, payload: message.string() }]);
      // Without the reason: nats-server before 2.10.4 does not understand a termination that has one.
      message.term();
      this.#ctx.metrics.increment('parked_messages_total', { consumer: this.#consumer.name });
      this.#ctx.logger.error({ subject, durable: this.#durable, seq: message.seq }, 'a message was parked');
    }
    return usable;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Cut short by close(). */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}

/** What is not JSON is handed on as text, for the consumer to park. */
function contentOf(message: JsMsg): unknown {
  try {
    return message.json();
  } catch {
    return message.string();
  }
}
