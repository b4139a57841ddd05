import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { StreamConsumer, Streams } from '#core/context.ts';
import { createInProcessStreams } from '#core/streams/in-process.ts';
import { connectJetStream, type JetStream } from '#core/streams/jetstream.ts';
import { STREAM } from '#core/streams/jetstream-consumer.ts';
import type { TestCore } from '#tests/core/test-core.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { type NatsServer, startNatsServer } from '#tests/harness/nats-server.ts';
import { Violation } from './violation.ts';

/** The way of events through the core: the real streams, with parts that can be stopped and restarted. */
export interface Road {
  /** Stays valid when the consumers are restarted. */
  readonly streams: Streams;
  /** Starts the consumers. A restart makes them anew. */
  open(makers: readonly (() => StreamConsumer)[]): Promise<void>;
  /** Resolves when every accepted event was handled. */
  settled(): Promise<void>;
  /** Ends the consumers' process, perhaps in the middle of a batch, and starts another one. */
  restartConsumers(): Promise<void>;
  /** Stops the NATS server: no event is accepted until it is started again. False for a stream without a server. */
  stopCarrier(): Promise<boolean>;
  startCarrier(): Promise<void>;
  close(): Promise<void>;
}

/** After this time NATS delivers what a killed process held to the next one. */
const ACK_WAIT_MS = 400;
/** Longest wait for a stream to be consumed, on a slow machine. */
const PATIENCE_MS = 60_000;
const POLL_MS = 5;

export async function openInProcessRoad(): Promise<Road> {
  let makers: readonly (() => StreamConsumer)[] = [];
  let current = createInProcessStreams();
  const begin = async () => {
    for (const make of makers) await current.consume(make());
  };
  return {
    streams: forwarding(() => current),
    async open(given) {
      makers = given;
      await begin();
    },
    async settled() {},
    async restartConsumers() {
      const before = current;
      current = createInProcessStreams();
      await begin();
      await before.close();
    },
    stopCarrier: async () => false,
    async startCarrier() {},
    close: () => current.close(),
  };
}

export async function openJetStreamRoad(core: TestCore): Promise<Road> {
  const nats = await startNatsServer();
  try {
    return await new JetStreamRoad(core, nats).connected();
  } catch (error) {
    await nats.close();
    throw error;
  }
}

/** One process of the core, which publishes and consumes over one connection to NATS. */
class JetStreamRoad implements Road {
  readonly streams = forwarding(() => this.#process.streams);
  readonly #core: TestCore;
  readonly #nats: NatsServer;
  #makers: readonly (() => StreamConsumer)[] = [];
  #current: JetStream | undefined;
  #manager: JetStreamManager | undefined;

  constructor(core: TestCore, nats: NatsServer) {
    this.#core = core;
    this.#nats = nats;
  }

  async connected(): Promise<this> {
    const parts = { ...this.#core.ctx, keys: this.#core.keys };
    this.#current = await eventually('nats-server answers', () =>
      connectJetStream(this.#nats.url, parts, { ackWaitMs: ACK_WAIT_MS }),
    );
    return this;
  }

  get #process(): JetStream {
    if (this.#current === undefined) throw new Error('the road is not connected');
    return this.#current;
  }

  async open(makers: readonly (() => StreamConsumer)[]): Promise<void> {
    this.#makers = makers;
    for (const make of makers) await this.streams.consume(make());
  }

  async settled(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      // The connection may belong to a process that is being killed. The next look uses the next one.
      const left = await this.#left().catch((error: Error) => [error.message]);
      if (left.length === 0) return;
      if (Date.now() > deadline) throw new Violation('the stream is consumed to its end', left);
      await sleep(POLL_MS);
    }
  }

  /** Consumers with messages that are not acknowledged. */
  async #left(): Promise<string[]> {
    this.#manager ??= await jetstreamManager(this.#process.connection);
    const consumers = await this.#manager.consumers.list(STREAM).next();
    return consumers
      .filter(({ num_pending, num_ack_pending }) => num_pending + num_ack_pending > 0)
      .map(({ name, num_pending, num_ack_pending }) => `${name}: ${num_pending} to bring, ${num_ack_pending} in hand`);
  }

  async restartConsumers(): Promise<void> {
    const killed = this.#process;
    // As when the process is killed: the server is not told first.
    await killed.connection.close();
    this.#manager = undefined;
    await this.connected();
    await this.open(this.#makers);
    await killed.streams.close();
  }

  async stopCarrier(): Promise<boolean> {
    await this.#nats.stop();
    return true;
  }

  async startCarrier(): Promise<void> {
    await this.#nats.start();
    await eventually('the core is connected again', () => this.streams.readiness().then(() => true));
  }

  async close(): Promise<void> {
    await this.#process.streams.close();
    await this.#nats.close();
  }
}

function forwarding(current: () => Streams): Streams {
  return {
    publish: (events, options) => current().publish(events, options),
    consume: (consumer) => current().consume(consumer),
    readiness: () => current().readiness(),
    close: () => current().close(),
  };
}
