import { sql } from 'drizzle-orm';
import { timestamp } from 'drizzle-orm/pg-core';

/** A point in time with milliseconds, the resolution of every time in the product. */
export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });
export const createdAt = () => at('created_at').notNull().default(sql`now()`);
export const updatedAt = () => at('updated_at').notNull().default(sql`now()`);
