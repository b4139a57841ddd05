import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { subjectOf } from '#domain/wire/stream-message.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { STREAM } from './jetstream-consumer.ts';
import type { MessageSignatures } from './message-signatures.ts';
import { onceAMinute } from './once-a-minute.ts';
import { openMessage } from './open-message.ts';
import type { Refusals } from './refusals.ts';

/** Interval of the sweep. Events of unknown kinds are not urgent: they wait for people. */
const SWEEP_MS = 5_000;

interface Parts {
  readonly ctx: Pick<CoreContext, 'logger'>;
  readonly manager: JetStreamManager;
  readonly signatures: MessageSignatures;
  readonly refusals: Refusals;
  /** The subjects that have consumers. */
  readonly subjects: ReadonlySet<string>;
}

/**
 * Consumes subjects without a consumer in this version: kinds of events of a newer edge. Consumers of a work queue may
 * not overlap, so none can filter "all others"; the subjects are listed instead. Several processes may sweep at the
 * same time, because a message is parked once.
 */
export class StraySubjects {
  readonly #parts: Parts;
  readonly #consumer: StreamConsumer;
  readonly #closing = new AbortController();
  readonly #mayLog = onceAMinute();
  readonly #sweeping: Promise<void>;

  constructor(parts: Parts, consumer: StreamConsumer) {
    this.#parts = parts;
    this.#consumer = consumer;
    this.#sweeping = this.#keepSweeping();
  }

  /** Ends after the current message. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sweeping;
  }

  async #keepSweeping(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#sweep();
      } catch (error) {
        if (this.#mayLog()) this.#parts.ctx.logger.warn({ err: error }, 'events of unknown kinds wait in the stream');
      }
      await delay(SWEEP_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  async #sweep(): Promise<void> {
    const { state } = await this.#parts.manager.streams.info(STREAM, { subjects_filter: subjectOf('>') });
    for (const subject of Object.keys(state.subjects ?? {})) {
      if (!this.#parts.subjects.has(subject)) await this.#empty(subject);
    }
  }

  /** Messages are deleted after they were handled; if the process dies in between, they are handled again. */
  async #empty(subject: string): Promise<void> {
    const { streams } = this.#parts.manager;
    for (let seq = 1; !this.#closing.signal.aborted; seq++) {
      const query = { seq, next_by_subj: subject };
      const message = await streams.getMessage(STREAM, query);
      if (message === null) return;
      const opened = await openMessage(this.#parts.signatures, {
        subject: message.subject,
        headers: message.header,
        data: message.data,
      });
      if ('refused' in opened) await this.#parts.refusals.park(this.#consumer.name, [opened.refused]);
      else await this.#consumer.handle(opened.events);
      await streams.deleteMessage(STREAM, message.seq, false);
      seq = message.seq;
    }
  }
}
