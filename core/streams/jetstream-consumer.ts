import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { UPLINK_EVENTS_MAX } from '#domain/wire/wire.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import type { MessageSignatures } from './message-signatures.ts';
import { onceAMinute } from './once-a-minute.ts';
import { type Opened, openMessage } from './open-message.ts';
import type { Refusals } from './refusals.ts';

/** The one stream of all events. */
export const STREAM = 'BLACKTIDE';
/**
 * Most messages in flight to one process and consumer (max_ack_pending), and so in memory. Each has up to half a MiB,
 * usually a few KiB.
 */
export const HELD_MAX = 256;
/** Most messages opened together. Their events are handled in batches like those of the uplink. */
const OPENED_MAX = 64;
/** A message delivered this often is handled alone, because it may crash the process each time. */
const SUSPECT_AFTER = 8;
/** In-progress acknowledgements (`working`) within the ack wait: two may be lost. */
const SIGNS_PER_ACK_WAIT = 4;
/**
 * First pause between attempts while the database is unavailable. The pause doubles, so that a long outage does not
 * mean constant attempts.
 */
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5_000;
/**
 * A pull request ends after this long. nats-server (2.9) loses track of messages that it delivers to a request whose
 * process unsubscribes meanwhile, and brings them again only after the ack wait. close() therefore waits for the end of
 * the request. One second is the least that the client allows.
 */
const PULL_MS = 1_000;
/** Longest wait for the end of a pull request. A server that is away does not end it. */
const PULL_END_MAX_MS = 3_000;
/** Pause before a lost stream is looked for again. */
const RESUME_MS = 1_000;

export interface JetStreamParts {
  readonly ctx: Pick<CoreContext, 'logger' | 'metrics'>;
  readonly client: JetStreamClient;
  readonly signatures: MessageSignatures;
  readonly refusals: Refusals;
  readonly ackWaitMs: number;
  ensureStream(): Promise<void>;
}

interface OpenedMessage {
  readonly key: string;
  readonly opened: Opened;
}

/**
 * One durable pull consumer: batches in order, acknowledged after the handler's commit. Every message held, in a batch
 * or waiting, is reported as in progress until it is settled, so neither a slow handler nor a long outage makes the
 * server redeliver it. A failed batch is retried until it is handled; finding and parking a failing message is the task
 * of `isolating`.
 */
export class JetStreamConsumer {
  readonly #parts: JetStreamParts;
  readonly #consumer: StreamConsumer;
  readonly #durable: string;
  readonly #closing = new AbortController();
  readonly #mayLogWaiting = onceAMinute();
  readonly #mayLogSuspect = onceAMinute();
  /** All unsettled messages, in the order of arrival. Bounded by HELD_MAX. */
  readonly #held = new Map<string, JsMsg>();
  /** Keys of the held messages that are not in a batch yet. */
  #waiting: string[] = [];
  #handling: Promise<void> | undefined;
  #pull: ConsumerMessages | undefined;
  #pulling: Promise<void> | undefined;
  #signs: NodeJS.Timeout | undefined;

  constructor(parts: JetStreamParts, consumer: StreamConsumer, durable: string) {
    this.#parts = parts;
    this.#consumer = consumer;
    this.#durable = durable;
  }

  /** Starts pulling, which continues by itself after any failure of the server. */
  async start(): Promise<void> {
    const consumer = await this.#find();
    this.#signs = setInterval(() => this.#reportInWork(), this.#parts.ackWaitMs / SIGNS_PER_ACK_WAIT);
    this.#pulling = this.#keepPulling(consumer);
  }

  /** Ends after the running batch and the running pull request; unsettled messages are returned to the server. */
  async close(): Promise<void> {
    this.#closing.abort();
    const over = setTimeout(() => this.#pull?.close(), PULL_END_MAX_MS);
    await this.#pulling;
    clearTimeout(over);
    await this.#handling;
    clearInterval(this.#signs);
    for (const message of this.#held.values()) this.#tell(message, (one) => one.nak());
    this.#held.clear();
  }

  #find(): Promise<Consumer> {
    return this.#parts.client.consumers.get(STREAM, this.#durable);
  }

  async #keepPulling(found: Consumer): Promise<void> {
    let consumer = found;
    while (!this.#closed) {
      try {
        this.#pull = await consumer.fetch({ max_messages: HELD_MAX, expires: PULL_MS });
        for await (const message of this.#pull) this.#receive(message);
      } catch (error) {
        if (this.#closed) return;
        this.#parts.ctx.logger.warn({ err: error, durable: this.#durable }, 'the stream cannot be read');
        consumer = await this.#findAgain(consumer);
      }
    }
  }

  /** A stream or a consumer that was deleted is created anew. */
  async #findAgain(consumer: Consumer): Promise<Consumer> {
    await this.#pause(RESUME_MS);
    try {
      await this.#parts.ensureStream();
      return await this.#find();
    } catch (error) {
      this.#parts.ctx.logger.debug({ err: error, durable: this.#durable }, 'the stream cannot be found');
      return consumer;
    }
  }

  #receive(message: JsMsg): void {
    // The timestamp is part of the key, because a stream that was created anew counts from 1 again.
    const key = `${message.seq}@${message.info.timestampNanos}`;
    const known = this.#held.has(key);
    this.#held.set(key, message);
    // A restarted server may redeliver messages that are held already.
    if (known) return;
    this.#waiting.push(key);
    this.#handling ??= this.#handleWaiting();
  }

  async #handleWaiting(): Promise<void> {
    // The messages of one network packet form one batch.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#closed) {
      const opened = await Promise.all(this.#waiting.splice(0, OPENED_MAX).map((key) => this.#open(key)));
      for (const batch of this.#inBatches(opened)) await this.#untilHandled(batch);
    }
    this.#handling = undefined;
  }

  async #open(key: string): Promise<OpenedMessage> {
    return { key, opened: await openMessage(this.#parts.signatures, this.#message(key)) };
  }

  /**
   * Batches of at most UPLINK_EVENTS_MAX events or one message. A message that was delivered too often is a batch of
   * its own.
   */
  #inBatches(messages: readonly OpenedMessage[]): OpenedMessage[][] {
    const batches: OpenedMessage[][] = [];
    let events = Number.POSITIVE_INFINITY;
    for (const message of messages) {
      const size = eventsOf(message).length;
      const suspect = this.#isSuspect(message.key);
      if (suspect || events + size > UPLINK_EVENTS_MAX) {
        batches.push([message]);
        events = suspect ? Number.POSITIVE_INFINITY : size;
      } else {
        batches.at(-1)?.push(message);
        events += size;
      }
    }
    return batches;
  }

  #isSuspect(key: string): boolean {
    const { deliveryCount } = this.#message(key).info;
    if (deliveryCount <= SUSPECT_AFTER) return false;
    if (this.#mayLogSuspect()) {
      const { durable, seq } = { durable: this.#durable, seq: this.#message(key).seq };
      this.#parts.ctx.logger.warn(
        { durable, seq, deliveryCount },
        'a message comes again and again: it is handled alone',
      );
    }
    return true;
  }

  /** Retries until the batch is handled: failures that reach this point are caused by the database. */
  async #untilHandled(batch: readonly OpenedMessage[]): Promise<void> {
    for (let retryMs = RETRY_FIRST_MS; !this.#closed; retryMs = Math.min(RETRY_MAX_MS, retryMs * 2)) {
      try {
        await this.#handle(batch);
        return;
      } catch (error) {
        if (this.#mayLogWaiting()) {
          const about = { err: error, durable: this.#durable, held: this.#held.size };
          this.#parts.ctx.logger.warn(about, 'a batch cannot be handled now and is kept');
        }
        await this.#pause(retryMs);
      }
    }
  }

  async #handle(batch: readonly OpenedMessage[]): Promise<void> {
    await this.#refuse(batch);
    const events = batch.flatMap(eventsOf);
    if (events.length > 0) await this.#consumer.handle(events);
    for (const { key } of batch) this.#settle(key, (message) => message.ack());
  }

  /** Refused messages are settled before the others are handled, so that a retried batch does not contain them. */
  async #refuse(batch: readonly OpenedMessage[]): Promise<void> {
    const refused = batch.flatMap(({ key, opened }) =>
      'refused' in opened && this.#held.has(key) ? [{ key, ...opened.refused }] : [],
    );
    await this.#parts.refusals.park(this.#consumer.name, refused);
    // Without a reason, because nats-server before 2.10.4 does not understand a termination with one.
    for (const { key } of refused) this.#settle(key, (message) => message.term());
  }

  #settle(key: string, tell: (message: JsMsg) => void): void {
    const message = this.#held.get(key);
    if (message === undefined) return;
    this.#tell(message, tell);
    this.#held.delete(key);
    this.#parts.ctx.metrics.gauge('stream_pending', message.info.pending, { durable: this.#durable });
  }

  #reportInWork(): void {
    for (const message of this.#held.values()) this.#tell(message, (one) => one.working());
  }

  /** Acknowledges a message. A closed connection throws; the server then redelivers the message. */
  #tell(message: JsMsg, tell: (message: JsMsg) => void): void {
    try {
      tell(message);
    } catch (error) {
      this.#parts.ctx.logger.debug({ err: error, durable: this.#durable }, 'the server cannot be told');
    }
  }

  #message(key: string): JsMsg {
    const message = this.#held.get(key);
    if (message === undefined) throw new Error('a message that was settled is needed no more');
    return message;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** A pause that close() ends early. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}

function eventsOf({ opened }: OpenedMessage): readonly unknown[] {
  return 'events' in opened ? opened.events : [];
}
