import {
  AckPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node';
import { subjectOf } from '#domain/wire/stream-message.ts';
import { ConfigError } from '../config.ts';
import type { CoreContext, Streams } from '../context.ts';
import { CONSUMER_KINDS, type StreamKind } from './consumer-kinds.ts';
import { HELD_MAX, JetStreamConsumer, STREAM } from './jetstream-consumer.ts';
import { MessageSignatures, type StreamKeys } from './message-signatures.ts';
import { Publisher } from './publisher.ts';
import { Refusals } from './refusals.ts';
import { StraySubjects } from './stray-subjects.ts';

/** The subjects that have a consumer. */
const SUBJECTS: ReadonlySet<string> = new Set(Object.values(CONSUMER_KINDS).flat().map(subjectOf));

/** About two million results. A full stream refuses messages and the edge keeps its events, so nothing is discarded. */
const STREAM_BYTES_MAX = 1024 ** 3;
/** Longer than an outage over a weekend and holidays; the edge's own outbox holds what does not fit. */
const STREAM_AGE_MAX_MS = 7 * 24 * 60 * 60_000;
/** An uplink retries within this time; afterwards unique keys prevent duplicates. */
const DUPLICATE_WINDOW_MS = 5 * 60_000;
/**
 * The server redelivers a message after this long without an acknowledgement. JetStreamConsumer reports messages as in
 * progress four times within it, so this is also how long messages of a process that died wait.
 */
const ACK_WAIT_MS = 60_000;
/**
 * No limit of deliveries. The server counts a delivery whenever a process ends while it holds a message, so the count
 * is no evidence against the message. `isolating` parks messages that fail.
 */
const DELIVERIES_MAX = -1;
/** Pause between attempts to reach an unavailable server; attempts do not end. */
const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface JetStream {
  readonly streams: Streams;
  /** For the live events over core NATS. */
  readonly connection: NatsConnection;
}

type Context = Pick<CoreContext, 'db' | 'logger' | 'metrics'> & { readonly keys: StreamKeys };

/** Connects to NATS and creates the stream. Throws ConfigError when the server cannot be used. */
export async function connectJetStream(
  url: string,
  ctx: Context,
  { ackWaitMs } = { ackWaitMs: ACK_WAIT_MS },
): Promise<JetStream> {
  const signatures = await MessageSignatures.of(ctx.keys);
  const connection = await open(url);
  let manager: JetStreamManager;
  try {
    manager = await jetstreamManager(connection);
    await ensureStream(manager, ackWaitMs);
  } catch (error) {
    await connection.close();
    throw new ConfigError(`The NATS server at NATS_URL has no usable JetStream: ${messageOf(error)}.`);
  }
  const client = jetstream(connection);
  const refusals = new Refusals(ctx);
  const parts = {
    ctx,
    client,
    signatures,
    refusals,
    ackWaitMs,
    ensureStream: () => ensureStream(manager, ackWaitMs),
  };
  const publisher = new Publisher(client, signatures);
  const running: { close(): Promise<void> }[] = [];
  const streams: Streams = {
    publish: (events, options) => publisher.publish(events, options),
    async consume(consumer) {
      for (const kind of consumer.kinds) {
        const reader = new JetStreamConsumer(parts, consumer, durableOf(consumer.name, kind));
        await reader.start();
        running.push(reader);
        if (kind === 'unknown') running.push(new StraySubjects({ ...parts, manager, subjects: SUBJECTS }, consumer));
      }
    },
    async readiness() {
      if (connection.isClosed()) throw new Error('the connection to NATS is closed');
      await connection.flush();
    },
    async close() {
      await Promise.all(running.map((one) => one.close()));
      // Sends what is buffered, the last acknowledgements included.
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
 * Creates the stream and all its durable consumers. With work-queue retention the stream keeps a message until the one
 * consumer of its kind has acknowledged it, even if that consumer does not exist yet. With interest retention, messages
 * published in between would be accepted and lost.
 */
async function ensureStream(manager: JetStreamManager, ackWaitMs: number): Promise<void> {
  // An existing stream keeps its limits, because an operator may have set them.
  if (!(await streamExists(manager))) {
    await manager.streams.add({
      name: STREAM,
      subjects: [subjectOf('>')],
      storage: StorageType.File,
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      max_bytes: STREAM_BYTES_MAX,
      max_age: nanos(STREAM_AGE_MAX_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
  }
  for (const [name, kinds] of Object.entries(CONSUMER_KINDS)) {
    for (const kind of kinds) await ensureConsumer(manager, name, kind, ackWaitMs);
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

/**
 * One durable per kind, because nats-server 2.9 supports one filter subject per consumer. A durable of an older version
 * is updated.
 */
async function ensureConsumer(
  manager: JetStreamManager,
  name: string,
  kind: StreamKind,
  ackWaitMs: number,
): Promise<void> {
  await manager.consumers.add(STREAM, {
    durable_name: durableOf(name, kind),
    filter_subject: subjectOf(kind),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_deliver: DELIVERIES_MAX,
    max_ack_pending: HELD_MAX,
  });
}

function durableOf(name: string, kind: StreamKind): string {
  return `${name}_${kind.replace('.', '-')}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
