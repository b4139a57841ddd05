import { sql } from 'drizzle-orm';
import { boolean, doublePrecision, index, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/**
 * Partitioned by week of `scheduled_at` (raw SQL in the migration; db/partitions.ts creates weeks ahead).
 * No foreign key: a result of a monitor that was just deleted must not stop its batch.
 */
export const checkResults = pgTable(
  'check_results',
  {
    id: text('id').notNull(),
    monitorId: text('monitor_id').notNull(),
    location: text('location').notNull(),
    scheduledAt: at('scheduled_at').notNull(),
    manual: boolean('manual').notNull(),
    startedAt: at('started_at').notNull(),
    outcome: text('outcome').notNull().$type<'success' | 'failure' | 'timeout' | 'error'>(),
    reason: text('reason'),
    detail: text('detail'),
    responseTimeMs: doublePrecision('response_time_ms'),
    statusCode: smallint('status_code'),
    attempts: smallint('attempts').notNull(),
    colo: text('colo'),
    traceId: text('trace_id').notNull(),
    /** All members of the result without a column of their own: those of this version, and those of newer ones. */
    facts: jsonb('facts'),
  },
  (table) => [
    primaryKey({ columns: [table.monitorId, table.location, table.scheduledAt, table.manual] }),
    /** One monitor's hour: the key has the location before the time, which only PostgreSQL 18 can skip. */
    index('check_results_monitor_time').on(table.monitorId, table.scheduledAt),
    /** The few that failed, among millions that did not: lists of failures would walk through all of them. */
    index('check_results_not_successful')
      .on(table.monitorId, table.location, table.scheduledAt, table.manual)
      .where(sql`outcome <> 'success'`),
  ],
);
