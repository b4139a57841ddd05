import { boolean, doublePrecision, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { WatchStatus } from '#domain/check/status.ts';
import { at } from './columns.ts';
import { monitors } from './monitors.ts';

/** Latest status of each monitor, written by ingest in the transaction of the result or event. */
export const monitorStatus = pgTable('monitor_status', {
  monitorId: text('monitor_id')
    .primaryKey()
    .references(() => monitors.id, { onDelete: 'cascade' }),
  status: text('status').notNull().$type<WatchStatus>(),
  /** The edge's latest status. A stale monitor shows `unknown` and returns to this status when results arrive. */
  edgeStatus: text('edge_status').$type<WatchStatus>(),
  /** True while `status` is `unknown` because no results arrive. */
  stale: boolean('stale').notNull().default(false),
  since: at('since'),
  /** Slot of the round behind the status. An older event does not override a newer one. */
  observedAt: at('observed_at'),
  /** Start of the newest check that was made. Missed checks do not count: they carry no evidence about the target. */
  lastCheckAt: at('last_check_at'),
});

export const locationStatus = pgTable(
  'location_status',
  {
    monitorId: text('monitor_id')
      .notNull()
      .references(() => monitors.id, { onDelete: 'cascade' }),
    location: text('location').notNull(),
    outcome: text('outcome').notNull(),
    reason: text('reason'),
    detail: text('detail'),
    /** Start of the newest check that was made; null while all were missed. */
    lastCheckAt: at('last_check_at'),
    scheduledAt: at('scheduled_at').notNull(),
    responseTimeMs: doublePrecision('response_time_ms'),
    colo: text('colo'),
  },
  (table) => [primaryKey({ columns: [table.monitorId, table.location] })],
);

/** Which locations shards report as dark, and for whom. */
export const locationDarkness = pgTable(
  'location_darkness',
  {
    location: text('location').notNull(),
    shardId: text('shard_id').notNull(),
    /** Whose monitors it concerns; empty when it concerns everybody's. */
    organizationId: text('organization_id').notNull().default(''),
    dark: boolean('dark').notNull(),
    at: at('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.location, table.shardId, table.organizationId] })],
);
