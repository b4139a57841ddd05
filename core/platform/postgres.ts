import { drizzle } from 'drizzle-orm/postgres-js';
import type { Options, Sql } from 'postgres';
import * as schema from '#db/schema.ts';
import type { Database } from '../context.ts';
import { type ClientLimits, postgres } from './postgres-client.ts';

/**
 * Connections of one process: 17 of its roles and 3 of its background work, so that five processes stay within the
 * product's budget of 100.
 */
const CONNECTIONS = 17;
/** One of them is reserved for LISTEN, which background work does not use. */
const BACKGROUND_CONNECTIONS = 4;
/** One connection of the plain client is reserved for LISTEN. */
const LISTENING = 1;
/**
 * Share of the plain client in the other connections. Transactions, and nearly all reads of the API, use drizzle's
 * client.
 */
const PLAIN_SHARE = 0.4;
/**
 * Longest statement of a request or a batch: people and the edge wait for it, and the edge gives up after ten seconds.
 * It is below the stream's ack wait, so no batch is redelivered while it runs.
 */
const STATEMENT_TIMEOUT_MS = 10_000;
/** Longest statement of rollups, partitions and retention. Nobody waits for them; 20 hours of results take seconds. */
const BACKGROUND_STATEMENT_TIMEOUT_MS = 60_000;
/** Wait for a lock. No transaction of the product holds one for longer than a few statements. */
const LOCK_TIMEOUT_MS = 5_000;
/**
 * A server that ends statements at their limit answers by then. This much later it is frozen, or cannot be reached any
 * more, and its connections are closed.
 */
const SILENT_BEYOND_STATEMENT_MS = 2_000;
/** Wait for a connection while none becomes free: whatever holds them does not end by itself. */
const QUEUE_TIMEOUT_SECONDS = 5;
/** Wait for a connection while others are served first, as in a burst of requests. Whoever asked has given up by then. */
const QUEUE_TOTAL_TIMEOUT_SECONDS = 30;
/** A transaction that waits for its own process is a bug; this bounds how long its locks are held. */
const IDLE_IN_TRANSACTION_MS = 30_000;
/** A server on the other side of the world answers a connection within a second. */
const CONNECT_TIMEOUT_SECONDS = 5;
/** Time for running statements when the pool closes, within the ten seconds of the shutdown. */
const CLOSE_TIMEOUT_SECONDS = 3;

export interface Postgres {
  readonly sql: Sql;
  readonly db: Database;
  close(): Promise<void>;
}

/** Limits of one use of the database. */
export interface PostgresLimits {
  readonly connections: number;
  readonly statementTimeoutMs: number;
}

const ROLES: PostgresLimits = { connections: CONNECTIONS, statementTimeoutMs: STATEMENT_TIMEOUT_MS };

/** Limits of work that nobody waits for: rollups, partitions, retention. */
export const BACKGROUND: PostgresLimits = {
  connections: BACKGROUND_CONNECTIONS,
  statementTimeoutMs: BACKGROUND_STATEMENT_TIMEOUT_MS,
};

/**
 * Opens two pools, with `connections` together. drizzle changes how its client parses timestamps and JSON, so plain
 * statements have a client of their own. Connections are opened at first use and again when lost.
 */
export function openPostgres(url: string, applicationName: string, limits: Partial<PostgresLimits> = {}): Postgres {
  const { connections, statementTimeoutMs } = { ...ROLES, ...limits };
  const options = {
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    queue_timeout: QUEUE_TIMEOUT_SECONDS,
    queue_total_timeout: QUEUE_TOTAL_TIMEOUT_SECONDS,
    silent_timeout: (statementTimeoutMs + SILENT_BEYOND_STATEMENT_MS) / 1000,
    onnotice: () => {},
    connection: {
      application_name: applicationName,
      statement_timeout: statementTimeoutMs,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    },
  } satisfies Options<Record<string, never>> & ClientLimits;
  const shared = connections - LISTENING;
  const plain = Math.max(1, Math.round(shared * PLAIN_SHARE));
  const sql = postgres(url, { ...options, max: plain });
  const underDrizzle = postgres(url, { ...options, max: Math.max(1, shared - plain) });
  return {
    sql,
    db: drizzle(underDrizzle, { schema }),
    async close() {
      await Promise.all([
        sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
        underDrizzle.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
      ]);
    },
  };
}
