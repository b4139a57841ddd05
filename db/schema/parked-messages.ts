import { sql } from 'drizzle-orm';
import { bigserial, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/**
 * Dead letters: messages with an unknown version, a broken shape, or too many failures. People can read and replay
 * them.
 */
export const parkedMessages = pgTable(
  'parked_messages',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    subject: text('subject').notNull(),
    consumer: text('consumer').notNull(),
    reason: text('reason').notNull(),
    payload: text('payload').notNull(),
    at: at('at').notNull().default(sql`now()`),
    /** Time of the last replay; null since the message was (again) parked. */
    replayedAt: at('replayed_at'),
  },
  (table) => [
    index('parked_messages_at').on(table.at),
    /** A redelivered message is parked once. */
    uniqueIndex('parked_messages_once').on(table.consumer, sql`md5(payload)`),
  ],
);
