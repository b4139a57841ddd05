import { DurableObject } from 'cloudflare:workers';
import { connect, headers, type JetStreamClient, type NatsConnection } from 'nats.ws';
import {
  batchBody,
  MESSAGE_ID_HEADER,
  SIGNATURE_HEADER,
  signMessage,
  streamMessages,
} from '#domain/wire/stream-message.ts';
import { askCore } from './core-client.ts';
import type { CoordinatorEnv } from './env.ts';
import { gzipped } from './gzip.ts';
import { reasonOf } from './log.ts';
import { hashOf, keyOf } from './service-token.ts';
import type { OutboxEvent } from './shard-storage.ts';

/** Whether the core has acknowledged a batch, and otherwise whether a retry may succeed. */
export type Delivery =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly kind: 'retryable' | 'permanent'; readonly detail: string };

/** The core commits a batch within a second; after ten the delivery has failed. */
const DELIVERY_TIMEOUT_MS = 10_000;
/** Statuses that a retry of the same batch would get again: it is malformed, too large, or of another version. */
const PERMANENT_STATUSES: readonly number[] = [400, 413, 415, 422];
/** Used tokens are forgotten at most this often: one DELETE a minute, not one per request. */
const FORGET_TOKENS_EVERY_MS = 60_000;
/**
 * Batches from this size on are compressed. workerd sends a body in pieces of 4 KiB, and each waits for its turn: in a busy
 * process 200 KB took five seconds (measured with workerd 1.20261023).
 */
const GZIP_BYTES_MIN = 8 * 1024;
/** More than the pages that a database keeps for reuse: a full disk refuses them. */
const PROBE_BYTES = 64 * 1024;
/** Number of delivery objects. One serves hundreds of shards; a large installation needs several. */
const DELIVERY_LANES = 4;

/** The object that lists the shards and the used service tokens. */
export function inventoryOf(env: CoordinatorEnv): DurableObjectStub<Uplink> {
  return env.UPLINK.getByName('inventory');
}

/** The object that delivers a shard's events. A shard always has the same one, which keeps their order. */
export function uplinkOf(env: CoordinatorEnv, shard: string): DurableObjectStub<Uplink> {
  return env.UPLINK.getByName(`lane-${laneOf(shard)}`);
}

function laneOf(shard: string): number {
  let sum = 0;
  for (const character of shard) sum += character.charCodeAt(0);
  return sum % DELIVERY_LANES;
}

/** Delivers events to the core, and keeps the lists of shards and used tokens. */
export class Uplink extends DurableObject<CoordinatorEnv> {
  readonly #sql: SqlStorage;
  #nats: Promise<NatsConnection> | null = null;
  #forgotTokensAtMs = 0;
  /** Whether the core has said that it takes gzip (RFC 7694, section 3). An older one does not. */
  #coreTakesGzip = false;

  constructor(state: DurableObjectState, env: CoordinatorEnv) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS shards (shard TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS used_tokens (jti TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
    `);
  }

  /** Delivers events in order. Resolves with `accepted` only when the core has made every one of them safe. */
  async deliver(shard: string, events: readonly OutboxEvent[]): Promise<Delivery> {
    const url = this.env.UPLINK_NATS_WS_URL;
    try {
      return url === undefined || url === ''
        ? await this.#post(shard, events)
        : await this.#publish(url, shard, events);
    } catch (error) {
      return { accepted: false, kind: 'retryable', detail: reasonOf(error) };
    }
  }

  /** True the first time a token's id is seen, false for every replay until it has expired. */
  useToken(jti: string, untilMs: number): boolean {
    const nowMs = Date.now();
    if (nowMs - this.#forgotTokensAtMs > FORGET_TOKENS_EVERY_MS) {
      this.#sql.exec('DELETE FROM used_tokens WHERE until_ms < ?', nowMs);
      this.#forgotTokensAtMs = nowMs;
    }
    const inserted = this.#sql.exec(
      'INSERT INTO used_tokens (jti, until_ms) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING jti',
      jti,
      untilMs,
    );
    return inserted.toArray().length === 1;
  }

  /** The shards of the edge, known without the core. */
  shards(): string[] {
    return this.#sql
      .exec<{ shard: string }>('SELECT shard FROM shards')
      .toArray()
      .map((row) => row.shard);
  }

  addShard(shard: string): void {
    this.#sql.exec('INSERT INTO shards (shard) VALUES (?) ON CONFLICT DO NOTHING', shard);
  }

  forgetShard(shard: string): void {
    this.#sql.exec('DELETE FROM shards WHERE shard = ?', shard);
  }

  /** Stores something that needs room, and forgets it. Rejects when the storage does not take it. */
  async write(): Promise<void> {
    this.#sql.exec('CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL)');
    this.#sql.exec('INSERT OR REPLACE INTO probe (id, filler) VALUES (1, randomblob(?))', PROBE_BYTES);
    await this.ctx.storage.sync();
    this.#sql.exec('DELETE FROM probe');
    await this.ctx.storage.sync();
  }

  /** Signed HTTPS. */
  async #post(shard: string, events: readonly OutboxEvent[]): Promise<Delivery> {
    const body = batchBody(
      shard,
      events.map((event) => event.body),
    );
    const isCompressed = this.#coreTakesGzip && body.length >= GZIP_BYTES_MIN;
    const sent = isCompressed ? { gzip: await gzipped(new TextEncoder().encode(body)) } : body;
    const response = await askCore(this.env, 'POST', '/edge/v1/events', DELIVERY_TIMEOUT_MS, sent);
    const text = await response.text();
    this.#coreTakesGzip = /\bgzip\b/.test(response.headers.get('accept-encoding') ?? '');
    if (response.status === 202) return { accepted: true };
    // A core that was replaced by an older one cannot read what is compressed: it is not to blame on the events.
    const isPermanent = PERMANENT_STATUSES.includes(response.status) && (!isCompressed || this.#coreTakesGzip);
    const detail = `the core answered ${response.status} ${text.slice(0, 200)}`;
    return { accepted: false, kind: isPermanent ? 'permanent' : 'retryable', detail };
  }

  /** JetStream: a signed message for the events of each kind, all on their way at once, accepted when all are stored. */
  async #publish(url: string, shard: string, events: readonly OutboxEvent[]): Promise<Delivery> {
    const jetstream = await this.#jetstream(url);
    const messages = await Promise.all(
      streamMessages(shard, events).map(({ subject, body }) =>
        this.#signed(shard, subject, new TextEncoder().encode(body)),
      ),
    );
    await Promise.all(
      messages.map(({ subject, body, headers }) =>
        jetstream.publish(subject, body, { headers, timeout: DELIVERY_TIMEOUT_MS }),
      ),
    );
    return { accepted: true };
  }

  async #signed(shard: string, subject: string, body: Uint8Array) {
    const bodyHash = await hashOf(body);
    // The id of a repeated batch is the same, so the server drops the repetition.
    const parts = { signer: 'blacktide-edge', shard, subject, id: bodyHash, bodyHash } as const;
    const head = headers();
    head.set(MESSAGE_ID_HEADER, parts.id);
    head.set(SIGNATURE_HEADER, await signMessage(await keyOf(this.env.EDGE_PRIVATE_JWK), parts));
    return { subject, body, headers: head };
  }

  async #jetstream(url: string): Promise<JetStreamClient> {
    this.#nats ??= connect({ servers: url, timeout: DELIVERY_TIMEOUT_MS, maxReconnectAttempts: -1 });
    try {
      const connection = await this.#nats;
      if (!connection.isClosed()) return connection.jetstream();
    } catch (error) {
      this.#nats = null;
      throw error;
    }
    this.#nats = null;
    throw new Error('the connection to NATS is closed');
  }
}
