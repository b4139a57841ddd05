import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { UPLINK_EVENTS_MAX } from '#domain/wire/wire.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import type { MessageSignatures } from './message-signatures.ts';
import { onceAMinute } from './once-a-minute.ts';
import { type Opened, openMessage } from './open-message.ts';
import type { Refusals } from './refusals.ts';

/** One stream for all events. */
export const STREAM = 'BLACKTIDE';
/**
 * Messages under way to one process and consumer, at the server (max_ack_pending) and so in memory: of up to half a MiB
 * each, though usually a few KiB.
 */
export const HELD_MAX = 256;
/** Messages opened together; their events are handled in batches like those of the uplink. */
const OPENED_MAX = 64;
/** A message that was brought this often is handled alone: it may be what ends the process every time. */
const SUSPECT_AFTER = 8;
/** What is held is said to be in work this often within the ack wait: two signs may be lost. */
const SIGNS_PER_ACK_WAIT = 4;
/** Between attempts while the database is away or refuses: doubled, so that an outage of hours is not hammered. */
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5_000;
/** A server that was restarted has forgotten our pull: two missed heartbeats tell, and we pull again. */
const PULL_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/** Before the stream is looked for again after it was lost. */
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
 * One durable pull consumer: batches in order, acknowledged after the handler has committed. Whatever it holds, in hand
 * or waiting, it reports as in work until it is settled, so neither a slow handler nor an outage of any length makes the
 * server bring it again. A batch that fails is tried again until it is handled: to find the message that is at fault, and
 * to park it, is for `isolating`.
 */
export class JetStreamConsumer {
  readonly #parts: JetStreamParts;
  readonly #consumer: StreamConsumer;
  readonly #durable: string;
  readonly #closing = new AbortController();
  readonly #mayLogWaiting = onceAMinute();
  readonly #mayLogSuspect = onceAMinute();
  /** All that is not settled, in the order it came. Bounded by HELD_MAX. */
  readonly #held = new Map<string, JsMsg>();
  /** The part of it that is not in hand. */
  #waiting: string[] = [];
  #handling: Promise<void> | undefined;
  #messages: ConsumerMessages | undefined;
  #pulling: Promise<void> | undefined;
  #signs: NodeJS.Timeout | undefined;

  constructor(parts: JetStreamParts, consumer: StreamConsumer, durable: string) {
    this.#parts = parts;
    this.#consumer = consumer;
    this.#durable = durable;
  }

  /** Begins to pull; from then on it goes on by itself, whatever happens to the server. */
  async start(): Promise<void> {
    this.#signs = setInterval(() => this.#reportInWork(), this.#parts.ackWaitMs / SIGNS_PER_ACK_WAIT);
    await this.#pull();
    this.#pulling = this.#keepPulling();
  }

  /** Ends after the batch in hand; what is not settled then is given back at once. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#messages?.close();
    await this.#pulling;
    await this.#handling;
    clearInterval(this.#signs);
    for (const message of this.#held.values()) this.#tell(message, (one) => one.nak());
    this.#held.clear();
  }

  async #pull(): Promise<void> {
    const consumer = await this.#parts.client.consumers.get(STREAM, this.#durable);
    this.#messages = await consumer.consume({
      max_messages: HELD_MAX,
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
        await this.#parts.ensureStream();
        await this.#pull();
      } catch (error) {
        this.#parts.ctx.logger.warn({ err: error, durable: this.#durable }, 'the stream cannot be read');
      }
    }
  }

  #receive(message: JsMsg): void {
    // The time, too: a stream that was lost and made anew counts from 1 again.
    const key = `${message.seq}@${message.info.timestampNanos}`;
    const known = this.#held.has(key);
    this.#held.set(key, message);
    // A server that was restarted may bring again what is held already.
    if (known) return;
    this.#waiting.push(key);
    this.#handling ??= this.#handleWaiting();
  }

  async #handleWaiting(): Promise<void> {
    // What arrives in one network packet is one batch.
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

  /** Of at most UPLINK_EVENTS_MAX events, or one message; a message that was brought too often is a batch of its own. */
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

  /** Tries until it is handled: a failure that reaches this point is about the database. */
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

  /** Settled before the others are handled: a batch that is tried again has not to refuse them again. */
  async #refuse(batch: readonly OpenedMessage[]): Promise<void> {
    const refused = batch.flatMap(({ key, opened }) =>
      'refused' in opened && this.#held.has(key) ? [{ key, ...opened.refused }] : [],
    );
    await this.#parts.refusals.park(this.#consumer.name, refused);
    // Without the reason: nats-server before 2.10.4 does not understand a termination that has one.
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

  /** A connection that was closed throws: the server brings the message to whoever comes next. */
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

  /** Cut short by close(). */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}

function eventsOf({ opened }: OpenedMessage): readonly unknown[] {
  return 'events' in opened ? opened.events : [];
}
