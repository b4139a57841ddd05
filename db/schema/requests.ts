import { index, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { at, createdAt } from './columns.ts';

/** Answers of POSTs with an Idempotency-Key, kept for 24 hours. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** Organisation (or client address without a sign-in), method, path and the caller's key. */
    scope: text('scope').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    /** null while the first request is in progress. */
    status: smallint('status'),
    /** The answer's body, sealed because it may hold a secret that is shown once. */
    body: text('body'),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] }), index('idempotency_keys_age').on(table.createdAt)],
);

/** Ids of used service tokens. A second use is a replay and refused. */
export const serviceTokenUses = pgTable(
  'service_token_uses',
  { jti: text('jti').primaryKey(), expiresAt: at('expires_at').notNull() },
  (table) => [index('service_token_uses_expiry').on(table.expiresAt)],
);
