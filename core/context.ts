import type { drizzle } from 'drizzle-orm/postgres-js';
import type { Logger } from 'pino';
import type { Sql } from 'postgres';
import type * as schema from '#db/schema.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import type { EdgeEvent, TestAnswer, TestRequest } from '#domain/wire/wire.ts';
import type { Config } from './config.ts';

/** What every role is given: made once in main.ts (or by a test), passed down, never imported as a global. */
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
}

export type Database = ReturnType<typeof drizzle<typeof schema>>;
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

export interface Clock {
  now(): Date;
  /** Cryptographically random bytes. */
  random(bytes: number): Uint8Array;
}

/**
 * The road of events, at least once. Adapters: in-process.ts and jetstream.ts. Both keep the order of one publisher's
 * events of one kind; neither promises an order among kinds, nor beside what comes again after a process has died. They
 * differ in who keeps an event until it is handled. In process it is the publisher: the road has no memory, `publish`
 * rejects while a consumer fails, and an event for which no consumer is there yet goes to nobody. With JetStream it is the
 * stream: `publish` resolves while the consumers fail or have yet to come, and it is the stream that brings an event
 * again. JetStream tells a batch that is published twice within minutes once; in process it arrives twice.
 */
export interface Streams {
  /**
   * Resolves when every event is safe: consumers committed (in-process) or PubAck (JetStream); rejects with the problem
   * `unavailable` when the road is full or closed. Events are taken as they came: the consumer validates each, and parks
   * what it cannot use.
   */
  publish(events: readonly unknown[], options?: PublishOptions): Promise<void>;
  /**
   * A durable consumer. The handler commits and returns; throwing means "again later", so one that can fail for what is
   * in a message is wrapped in `isolating`, or that message blocks the road.
   */
  consume(consumer: StreamConsumer): Promise<void>;
  readiness(): Promise<void>;
  /** Takes nothing more, finishes what is in hand, and gives back the rest. */
  close(): Promise<void>;
}

export interface PublishOptions {
  /** What the road has just seen it may drop as told twice, unless it is to come again. */
  readonly again?: boolean;
  /** Whose events they are; the core's own unless said otherwise. */
  readonly shard?: string;
}

export interface StreamConsumer {
  readonly name: 'ingest' | 'incidents';
  /** `unknown` stands for every kind that this version does not know. */
  readonly kinds: readonly (EdgeEvent['kind'] | 'unknown')[];
  handle(messages: readonly unknown[]): Promise<void>;
}

/** Fan-out of live events to API processes: best effort, never the road of record. */
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
  /** Checks a token of the edge and uses it up; throws ProblemError invalid_service_token. */
  verify(authorization: string | undefined, request: { method: string; path: string; body: Uint8Array }): Promise<void>;
}

export interface Metrics {
  increment(name: string, labels?: Record<string, string>, by?: number): void;
  observe(name: string, seconds: number, labels?: Record<string, string>): void;
  gauge(name: string, value: number, labels?: Record<string, string>): void;
  /** Prometheus text exposition format. */
  render(): string;
}

/** Who does something: written into timelines and the audit log. */
export interface Actor {
  readonly type: 'system' | 'user' | 'api_key';
  readonly id: string | null;
  readonly name: string;
}

/** Who did what nobody asked for. */
export const BLACKTIDE: Actor = { type: 'system', id: null, name: 'BlackTide' };
