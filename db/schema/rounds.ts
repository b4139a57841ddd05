import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { VerdictStatus } from '#domain/check/status.ts';
import type { Failing } from '#domain/wire/wire.ts';
import { at } from './columns.ts';

/**
 * Verdicts as `round.judged` tells them: written once, never judged again. A verdict stands from its slot until the
 * monitor's next round, at most `interval_seconds`. Partitioned by week like check_results.
 */
export const rounds = pgTable(
  'rounds',
  {
    monitorId: text('monitor_id').notNull(),
    scheduledAt: at('scheduled_at').notNull(),
    status: text('status').notNull().$type<VerdictStatus>(),
    failing: jsonb('failing').notNull().$type<Failing>(),
    /** Locations that were asked and had no vote. */
    excluded: jsonb('excluded').notNull().$type<string[]>(),
    /** Why it is `unknown`. */
    cause: text('cause'),
    intervalSeconds: integer('interval_seconds').notNull(),
    judgedAt: at('judged_at').notNull(),
    traceId: text('trace_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.monitorId, table.scheduledAt] }),
    /** The few that are not up, among millions that are: a list of outages would walk through all of them. */
    index('rounds_not_up').on(table.monitorId, table.scheduledAt).where(sql`status <> 'up'`),
  ],
);
