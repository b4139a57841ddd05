import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { VerdictStatus } from '#domain/check/status.ts';
import type { Failing } from '#domain/wire/wire.ts';
import { at } from './columns.ts';

/**
 * Verdicts as `round.judged` events state them, stored once and never judged again. A verdict stands from its slot
 * until the monitor's next round, at most `interval_seconds`. Partitioned by week like check_results.
 */
export const rounds = pgTable(
  'rounds',
  {
    monitorId: text('monitor_id').notNull(),
    scheduledAt: at('scheduled_at').notNull(),
    status: text('status').notNull().$type<VerdictStatus>(),
    failing: jsonb('failing').notNull().$type<Failing>(),
    /** Locations of the round without a vote. */
    excluded: jsonb('excluded').notNull().$type<string[]>(),
    /** Reason of an `unknown` verdict. */
    cause: text('cause'),
    intervalSeconds: integer('interval_seconds').notNull(),
    judgedAt: at('judged_at').notNull(),
    traceId: text('trace_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.monitorId, table.scheduledAt] }),
    /** Rounds that are not up are few among all rounds. A list of outages would otherwise scan all of them. */
    index('rounds_not_up').on(table.monitorId, table.scheduledAt).where(sql`status <> 'up'`),
  ],
);
