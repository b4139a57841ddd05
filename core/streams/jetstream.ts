import {
  AckPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node';
import { ConfigError } from '../config.ts';
import type { CoreContext, Streams } from '../context.ts';
import { ProblemError } from '../platform/problem-error.ts';
import { CONSUMER_KINDS, kindOf, type StreamKind } from './consumer-kinds.ts';
import { JetStreamConsumer, STREAM } from './jetstream-consumer.ts';

/** One subject a kind: `blacktide.<kind>`. */
const subjectOf = (kind: StreamKind) => `blacktide.${kind}`;

/** About two million results. A full stream refuses, and the edge keeps its events: nothing is discarded. */
const STREAM_BYTES_MAX = 1024 ** 3;
/** Longer than any outage somebody sleeps through; the edge's own outbox holds what does not fit. */
const STREAM_AGE_MAX_MS = 7 * 24 * 60 * 60_000;
/** An uplink that was not acknowledged sends again within this time; the unique keys guard beyond it. */
const DUPLICATE_WINDOW_MS = 5 * 60_000;
/**
 * Times until a message that was not acknowledged comes again. The first replaces `ack_wait`, so it is longer
 * than the slowest batch: three statements of 20 s.
 */
const BACKOFF_MS = [60_000, 120_000, 300_000, 600_000];
/** Beyond JetStreamConsumer's own limit, so that it sees the message once more and parks it. */
const DELIVERIES_MAX = 12;
/** Messages under way to one process: two batches. */
const ACK_PENDING_MAX = 1_000;
/** Between attempts to reach a server that went away; it is tried for ever. */
const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface JetStream {
  readonly streams: Streams;
  /** For the live fan-out over core NATS. */
  readonly connection: NatsConnection;
}

/** Connects to NATS and sees to the stream. Throws ConfigError when the server cannot be used. */
export async function connectJetStream(
  url: string,
  ctx: Pick<CoreContext, 'sql' | 'db' | 'logger' | 'metrics'>,
): Promise<JetStream> {
  const connection = await open(url);
  let manager: JetStreamManager;
  try {
    manager = await jetstreamManager(connection);
    await ensureStream(manager);
  } catch (error) {
    await connection.close();
    throw new ConfigError(`The NATS server at NATS_URL has no usable JetStream: ${messageOf(error)}.`);
  }
  const client = jetstream(connection);
  const consumers: JetStreamConsumer[] = [];
  const streams: Streams = {
    publish: (events, { again } = { again: false }) => publish(client, events, again),
    async consume(consumer) {
      for (const kind of consumer.kinds) {
        const running = new JetStreamConsumer(
          ctx,
          client,
          () => ensureStream(manager),
          consumer,
          durableOf(consumer.name, kind),
        );
        await running.start();
        consumers.push(running);
      }
    },
    async readiness() {
      if (connection.isClosed()) throw new Error('the connection to NATS is closed');
      await connection.flush();
    },
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      // Sends what is on its way, the last acknowledgements among it.
      if (!connection.isClosed()) await connection.drain();
    },
  };
  return { streams, connection };
}

async function open(url: string): Promise<NatsConnection> {
  try {
    return await connect({
      servers: url,
      name: 'blacktide-core',
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
    });
  } catch (error) {
    throw new ConfigError(`The NATS server at NATS_URL cannot be reached: ${messageOf(error)}.`);
  }
}

/**
 * The stream and all its durable consumers, made by whoever comes first. As a work queue it keeps a message
 * until the one consumer of its kind has acknowledged it, also while that consumer does not exist yet; with
 * interest retention, what is published in between would be accepted and lost.
 */
async function ensureStream(manager: JetStreamManager): Promise<void> {
  // An operator may have given it other limits: theirs count.
  if (!(await streamExists(manager))) {
    await manager.streams.add({
      name: STREAM,
      subjects: ['blacktide.>'],
      storage: StorageType.File,
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      max_bytes: STREAM_BYTES_MAX,
      max_age: nanos(STREAM_AGE_MAX_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
  }
  for (const [name, kinds] of Object.entries(CONSUMER_KINDS)) {
    for (const kind of kinds) await ensureConsumer(manager, name, kind);
  }
}

async function streamExists(manager: JetStreamManager): Promise<boolean> {
  try {
    await manager.streams.info(STREAM);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return false;
    throw error;
  }
}

/** One durable a kind: nats-server 2.9 knows a single filter subject a consumer. */
async function ensureConsumer(manager: JetStreamManager, name: string, kind: StreamKind): Promise<void> {
  await manager.consumers.add(STREAM, {
    durable_name: durableOf(name, kind),
    filter_subject: subjectOf(kind),
    ack_policy: AckPolicy.Explicit,
    backoff: BACKOFF_MS.map((ms) => nanos(ms)),
    max_deliver: DELIVERIES_MAX,
    max_ack_pending: ACK_PENDING_MAX,
  });
}

function durableOf(name: string, kind: StreamKind): string {
  return `${name}_${kind.replace('.', '-')}`;
}

/** Resolves when the server has stored every event; an event that comes `again` has no name by which it could be dropped. */
async function publish(client: JetStreamClient, events: readonly unknown[], again: boolean): Promise<void> {
  try {
    await Promise.all(
      events.map((event) => {
        const msgID = again ? undefined : idOf(event);
        return client.publish(subjectOf(kindOf(event)), JSON.stringify(event), msgID === undefined ? {} : { msgID });
      }),
    );
  } catch (error) {
    throw new ProblemError('unavailable', `The stream does not take events: ${messageOf(error)}.`);
  }
}

/** The result's or the event's own id: the server drops what it has just seen. */
function idOf(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const { id, result } = event as { id?: unknown; result?: { id?: unknown } };
  const known = result?.id ?? id;
  return typeof known === 'string' ? known : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
