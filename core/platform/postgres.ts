import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Options, type Sql } from 'postgres';
import * as schema from '#db/schema.ts';
import type { Database } from '../context.ts';

/** Connections of one process: five of them stay within the 100 that the product may take. */
const CONNECTIONS = 20;
/** One connection of the plain client is its own, for LISTEN. */
const LISTENING = 1;
/** Of the others: transactions, and nearly every read of the API, are drizzle's. */
const PLAIN_SHARE = 0.4;
/** Longest a statement may run; below the stream's acknowledgement time, so no batch is redelivered while it runs. */
const STATEMENT_TIMEOUT_MS = 20_000;
/** A transaction that waits for its own process is a bug; its locks must not outlive it for long. */
const IDLE_IN_TRANSACTION_MS = 30_000;
const CONNECT_TIMEOUT_SECONDS = 10;
/** What is still running when the pool closes gets this long, inside the ten seconds of the whole shutdown. */
const CLOSE_TIMEOUT_SECONDS = 3;

export interface Postgres {
  readonly sql: Sql;
  readonly db: Database;
  close(): Promise<void>;
}

/**
 * Opens two pools, with `connections` together: drizzle changes how its client reads timestamps and JSON, so plain
 * statements have a client of their own. Connections are made when first used and made again when lost.
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
