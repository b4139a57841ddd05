import { randomUUID } from 'node:crypto';
import type { JetStreamClient } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { MESSAGE_ID_HEADER, SIGNATURE_HEADER, streamMessages } from '#domain/wire/stream-message.ts';
import type { PublishOptions } from '../context.ts';
import { ProblemError } from '../platform/problem-error.ts';
import { kindOf } from './consumer-kinds.ts';
import { hashOf, type MessageSignatures } from './message-signatures.ts';

/** The core's name as the publisher of events without a shard: replayed dead letters. */
const CORE_SHARD = 'core';

interface SignedMessage {
  readonly subject: string;
  readonly body: string;
  readonly headers: MsgHdrs;
}

/** Publishes signed messages in the order of the calls: a small batch that is signed sooner waits for those before it. */
export class Publisher {
  readonly #client: JetStreamClient;
  readonly #signatures: MessageSignatures;
  /** Resolves when everything of the calls so far was handed to the connection. Never rejects. */
  #sent: Promise<unknown> = Promise.resolve();

  constructor(client: JetStreamClient, signatures: MessageSignatures) {
    this.#client = client;
    this.#signatures = signatures;
  }

  /**
   * Resolves when the server has stored every event. Events published `again` have a message id of their own, so they
   * are not dropped as duplicates. Rejects with the problem `unavailable` when the server does not store them.
   */
  async publish(events: readonly unknown[], options: PublishOptions = {}): Promise<void> {
    const signed = Promise.all([this.#signed(events, options), this.#sent]);
    const sent = signed.then(([messages]) => messages.map((message) => this.#send(message)));
    this.#sent = sent.catch(() => {});
    try {
      await Promise.all(await sent);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new ProblemError('unavailable', `The stream does not take events: ${words}.`);
    }
  }

  #signed(
    events: readonly unknown[],
    { again = false, shard = CORE_SHARD }: PublishOptions,
  ): Promise<readonly SignedMessage[]> {
    const pieces = events.map((event) => ({ kind: kindOf(event), body: JSON.stringify(event) }));
    return Promise.all(
      streamMessages(shard, pieces).map(async ({ subject, body }) => {
        const id = again ? randomUUID() : hashOf(body);
        const head = headers();
        head.set(MESSAGE_ID_HEADER, id);
        head.set(SIGNATURE_HEADER, await this.#signatures.sign({ subject, shard, id, body }));
        return { subject, body, headers: head };
      }),
    );
  }

  #send({ subject, body, headers }: SignedMessage): Promise<unknown> {
    return this.#client.publish(subject, body, { headers });
  }
}
