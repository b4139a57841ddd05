import type { drizzle } from 'drizzle-orm/postgres-js';
import type { Logger } from 'pino';
import type { Sql } from 'postgres';
import type * as schema from '#db/schema.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import type { Uptime } from '#domain/api/monitor-answers.ts';
import type { EdgeEvent, TestAnswer, TestRequest } from '#domain/wire/wire.ts';
import type { Config } from './config.ts';
import type { ChecksOnDemand } from './services/monitors/checks-on-demand.ts';

/** The dependencies of every role: made once in main.ts (or by a test), passed down, never a global. */
export interface CoreContext {
  readonly config: Config;
  /** postgres.js, for statements whose locks or shapes matter. */
  readonly sql: Sql;
  readonly db: Database;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly streams: Streams;
  readonly live: LiveBus;
  readonly edge: EdgeClient;
  readonly secrets: SecretBox;
  readonly tokens: ServiceTokens;
  /** Signs browser sessions and CSRF tokens (32 bytes of <dataDir>/keys/session.key). */
  readonly sessionKey: Uint8Array;
  /** Counters and histograms for GET /metrics. */
  readonly metrics: Metrics;
  readonly uptimes: UptimeFigures;
  /** Bounds the checks that are asked for, in this process. */
  readonly checksOnDemand: ChecksOnDemand;
}

export type Database = ReturnType<typeof drizzle<typeof schema>>;
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

export interface Clock {
  now(): Date;
  /** Cryptographically random bytes. */
  random(bytes: number): Uint8Array;
}

/**
 * The stream of events, at least once. Adapters: in-process.ts and jetstream.ts. Both keep the order of one publisher's
 * events of one kind. Neither promises an order between kinds, nor of events redelivered after a crash.
 *
 * The adapters differ in who stores an event until it is handled. In process, the publisher does: the stream stores
 * nothing, `publish` rejects while a consumer fails, and an event without a consumer is dropped. With JetStream, the
 * stream does: `publish` resolves while consumers fail or do not exist yet, and the stream redelivers. JetStream drops
 * a batch published twice within minutes; in process it is delivered twice.
 */
export interface Streams {
  /**
   * Resolves when every event is safe: committed by the consumers (in-process) or acknowledged by the server
   * (JetStream). Rejects with the problem `unavailable` when the stream is full or closed. Events are passed on
   * unvalidated: each consumer validates them and parks those that it cannot use.
   */
  publish(events: readonly unknown[], options?: PublishOptions): Promise<void>;
  /**
   * Starts a durable consumer. The handler commits and returns; throwing means redelivery. A handler that can fail
   * because of a message's content is wrapped in `isolating`, or that message blocks the stream.
   */
  consume(consumer: StreamConsumer): Promise<void>;
  readiness(): Promise<void>;
  /** Receives nothing more, finishes the current batches, and returns the rest to the stream. */
  close(): Promise<void>;
}

export interface PublishOptions {
  /** True for events that are published again on purpose: the stream must not drop them as duplicates. */
  readonly again?: boolean;
  /** The shard of the events; the core's own name by default. */
  readonly shard?: string;
}

export interface StreamConsumer {
  readonly name: 'ingest' | 'incidents';
  /** `unknown` stands for every kind that is new to this version. */
  readonly kinds: readonly (EdgeEvent['kind'] | 'unknown')[];
  handle(messages: readonly unknown[]): Promise<void>;
}

/** Fan-out of live events to API processes: best effort, not stored. */
export interface LiveBus {
  emit(organizationId: string, events: readonly LiveEvent[]): void;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (organizationId: string, event: LiveEvent) => void): () => void;
}

/** Signed calls to the edge. Each throws EdgeUnavailable (retryable) when it cannot be reached. */
export interface EdgeClient {
  putAssignment(shard: string, body: unknown): Promise<void>;
  putPage(slug: string, body: unknown): Promise<void>;
  deletePage(slug: string): Promise<void>;
  checkNow(shard: string, monitorId: string): Promise<{ scheduledAt: string }>;
  test(request: TestRequest): Promise<TestAnswer>;
}

/** AES-256-GCM for secrets at rest. `context` (for instance `channel:chn_…`) is bound to the ciphertext. */
export interface SecretBox {
  seal(plaintext: string, context: string): string;
  open(sealed: string, context: string): string;
}

export interface ServiceTokens {
  /** Signs one request to the edge (jose, EdDSA). */
  sign(request: { method: string; path: string; body: Uint8Array }): Promise<string>;
  /**
   * Verifies a token of the edge by the head of its request, and marks it as used; throws ProblemError
   * invalid_service_token. Nobody else's body is read.
   */
  verify(authorization: string | undefined, request: { method: string; path: string }): Promise<VerifiedToken>;
}

export interface VerifiedToken {
  /** Throws ProblemError invalid_service_token when the token was made for another body. */
  requireBody(body: Uint8Array): void;
}

export interface Metrics {
  increment(name: string, labels?: Record<string, string>, by?: number): void;
  observe(name: string, seconds: number, labels?: Record<string, string>): void;
  gauge(name: string, value: number, labels?: Record<string, string>): void;
  /** Prometheus text exposition format. */
  render(): string;
}

/** Uptime of the last 24 hours, cached. */
export interface UptimeFigures {
  /** Figures that are not cached are counted through `db`. */
  read(db: Database | Transaction, monitorIds: readonly string[]): Promise<Map<string, Uptime>>;
}

/** The actor of a change, written into timelines and the audit log. */
export interface Actor {
  readonly type: 'system' | 'user' | 'api_key';
  readonly id: string | null;
  readonly name: string;
}

/** The actor of automatic changes. */
export const BLACKTIDE: Actor = { type: 'system', id: null, name: 'BlackTide' };
