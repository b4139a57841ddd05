import { sql } from 'drizzle-orm';
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/** Assignments and pages to send to the edge, one row for each. A row is written in the transaction of the change. */
export const publishQueue = pgTable(
  'publish_queue',
  {
    kind: text('kind').notNull().$type<'assignment' | 'page' | 'page_removed'>(),
    /** Shard id or page slug. */
    key: text('key').notNull(),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: at('next_attempt_at').notNull().default(sql`now()`),
    leasedUntil: at('leased_until'),
    /** Counts requests. A request made while the row is being sent is detected by it and not lost. */
    requests: integer('requests').notNull().default(1),
    lastError: text('last_error'),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);
