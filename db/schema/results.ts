import { sql } from 'drizzle-orm';
import { boolean, doublePrecision, index, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/**
 * Partitioned by week of `scheduled_at` (raw SQL in the migration; db/partitions.ts creates weeks ahead). There is no
 * foreign key, because a result of a just deleted monitor must not fail its batch.
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
    /** Members of the result without a column, those of newer versions included. */
    facts: jsonb('facts'),
  },
  (table) => [
    primaryKey({ columns: [table.monitorId, table.location, table.scheduledAt, table.manual] }),
    /**
     * Reads one monitor's hour. The primary key has the location before the time, which only PostgreSQL 18 can skip.
     */
    index('check_results_monitor_time').on(table.monitorId, table.scheduledAt),
    /** Failed results are few among all results. Lists of failures would otherwise scan all of them. */
    index('check_results_not_successful')
      .on(table.monitorId, table.location, table.scheduledAt, table.manual)
      .where(sql`outcome <> 'success'`),
  ],
);
