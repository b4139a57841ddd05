import { sql } from 'drizzle-orm';
import { boolean, doublePrecision, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';
import { monitors } from './monitors.ts';

/** Hours to compute again. Ingest marks the hours that an event changes; the aggregator recomputes each as a whole. */
export const dirtyHours = pgTable(
  'dirty_hours',
  {
    monitorId: text('monitor_id').notNull(),
    hour: at('hour').notNull(),
    markedAt: at('marked_at').notNull().default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.monitorId, table.hour] }), index('dirty_hours_hour').on(table.hour)],
);

/** One row per monitor, location and hour. Location '*' holds the verdicts of the rounds. */
export const rollupsHourly = pgTable(
  'rollups_hourly',
  {
    monitorId: text('monitor_id').notNull(),
    location: text('location').notNull(),
    hour: at('hour').notNull(),
    /**
     * Number of results by outcome: up, down, unknown. For '*', number of rounds by verdict whose slot is in the hour.
     */
    up: integer('up').notNull(),
    down: integer('down').notNull(),
    unknown: integer('unknown').notNull(),
    /** Only for '*': seconds of the hour for which each verdict stood. Degraded counts as up. */
    upSeconds: doublePrecision('up_seconds').notNull().default(0),
    downSeconds: doublePrecision('down_seconds').notNull().default(0),
    unknownSeconds: doublePrecision('unknown_seconds').notNull().default(0),
    /** True for an hour counted by a version that stored no rounds: it cannot be computed again. */
    carriedOver: boolean('carried_over').notNull().default(false),
    avgMs: doublePrecision('avg_ms'),
    minMs: doublePrecision('min_ms'),
    maxMs: doublePrecision('max_ms'),
    /** DDSketch of response times (domain/figures/sketch.ts); null for '*'. */
    sketch: jsonb('sketch'),
  },
  (table) => [
    primaryKey({ columns: [table.monitorId, table.location, table.hour] }),
    index('rollups_hourly_hour').on(table.hour),
  ],
);

/**
 * The '*' rows of each UTC day added up, without an end of retention. Written in the transaction that writes its hours.
 */
export const rollupsDaily = pgTable(
  'rollups_daily',
  {
    monitorId: text('monitor_id')
      .notNull()
      .references(() => monitors.id, { onDelete: 'cascade' }),
    /** Midnight UTC. */
    day: at('day').notNull(),
    up: integer('up').notNull().default(0),
    down: integer('down').notNull().default(0),
    unknown: integer('unknown').notNull().default(0),
    upSeconds: doublePrecision('up_seconds').notNull().default(0),
    downSeconds: doublePrecision('down_seconds').notNull().default(0),
    unknownSeconds: doublePrecision('unknown_seconds').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.monitorId, table.day] })],
);
