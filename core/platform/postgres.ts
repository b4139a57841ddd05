import { drizzle } from 'drizzle-orm/postgres-js';
import type { Options, Sql } from 'postgres';
import * as schema from '#db/schema.ts';
import type { Database } from '../context.ts';
import { postgres } from './postgres-client.ts';

/** Connections of one process: five processes stay within the product's budget of 100. */
const CONNECTIONS = 20;
/** One connection of the plain client is reserved for LISTEN. */
const LISTENING = 1;
/**
 * Share of the plain client in the other connections. Transactions, and nearly all reads of the API, use drizzle's
 * client.
 */
const PLAIN_SHARE = 0.4;
/** Longest statement: below the stream's ack wait, so no batch is redelivered while it runs. */
const STATEMENT_TIMEOUT_MS = 20_000;
/** A transaction that waits for its own process is a bug; this bounds how long its locks are held. */
const IDLE_IN_TRANSACTION_MS = 30_000;
const CONNECT_TIMEOUT_SECONDS = 10;
/** Time for running statements when the pool closes, within the ten seconds of the shutdown. */
const CLOSE_TIMEOUT_SECONDS = 3;

export interface Postgres {
  readonly sql: Sql;
  readonly db: Database;
  close(): Promise<void>;
}

/**
 * Opens two pools, with `connections` together. drizzle changes how its client parses timestamps and JSON, so plain
 * statements have a client of their own. Connections are opened at first use and again when lost.
 */
export function openPostgres(url: string, applicationName: string, connections = CONNECTIONS): Postgres {
  const options = {
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    onnotice: () => {},
    connection: {
      application_name: applicationName,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    },
  } satisfies Options<Record<string, never>>;
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
