import { sql } from 'drizzle-orm';
import { bigserial, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/** Messages nobody could use: unknown version, broken shape, too many failures. People can see and replay them. */
export const parkedMessages = pgTable(
  'parked_messages',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    subject: text('subject').notNull(),
    consumer: text('consumer').notNull(),
    reason: text('reason').notNull(),
    payload: text('payload').notNull(),
    at: at('at').notNull().default(sql`now()`),
    /** When a person sent it down the road again; null since it was parked (again). */
    replayedAt: at('replayed_at'),
  },
  (table) => [
    index('parked_messages_at').on(table.at),
    /** A message that is delivered again is parked once. */
    uniqueIndex('parked_messages_once').on(table.consumer, sql`md5(payload)`),
  ],
);
