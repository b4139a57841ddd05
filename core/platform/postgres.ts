import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Options, type Sql } from 'postgres';
import * as schema from '#db/schema.ts';
import type { Database } from '../context.ts';

/**
 * Two pools of one process, 20 connections together (one of them listens): drizzle changes how its client
 * reads timestamps and JSON, so plain statements have a client of their own.
 */
const PLAIN_CONNECTIONS = 8;
const DRIZZLE_CONNECTIONS = 11;
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

/** Opens the pools; connections are made when first used and made again when lost. */
export function openPostgres(url: string, applicationName: string): Postgres {
  const options = {
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    onnotice: () => {},
    connection: {
      application_name: applicationName,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    },
  } satisfies Options<Record<string, never>>;
  const sql = postgres(url, { ...options, max: PLAIN_CONNECTIONS });
  const underDrizzle = postgres(url, { ...options, max: DRIZZLE_CONNECTIONS });
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
