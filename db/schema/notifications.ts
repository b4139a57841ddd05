import { sql } from 'drizzle-orm';
import { bigserial, index, integer, jsonb, pgTable, smallint, text } from 'drizzle-orm/pg-core';
import { organizations } from './accounts.ts';
import { channels } from './channels.ts';
import { at, createdAt } from './columns.ts';
import { incidents } from './incidents.ts';

/** The outbox. A row is written in the transaction of its cause, leased by notify, and delivered at least once. */
export const notifications = pgTable(
  'notifications',
  {
    /** Derived from incident, event and channel, so the same cause gives one notification. Also the webhook-id. */
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    channelId: text('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    incidentId: text('incident_id').references(() => incidents.id, { onDelete: 'cascade' }),
    type: text('type').notNull(),
    payload: jsonb('payload').notNull(),
    status: text('status').notNull().$type<'pending' | 'delivered' | 'failed' | 'dead'>(),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: at('next_attempt_at'),
    leasedUntil: at('leased_until'),
    traceId: text('trace_id').notNull(),
    createdAt: createdAt(),
    deliveredAt: at('delivered_at'),
  },
  (table) => [
    /** The lease looks at each channel that has something outstanding, and at its oldest due notifications. */
    index('notifications_outstanding')
      .on(table.channelId, table.nextAttemptAt)
      .where(sql`status in ('pending', 'failed')`),
    /** Attempts in flight, which the lease counts by channel and organisation. */
    index('notifications_leased').on(table.leasedUntil).where(sql`leased_until is not null`),
    index('notifications_channel').on(table.channelId, table.id),
    index('notifications_incident').on(table.incidentId),
  ],
);

export const notificationAttempts = pgTable(
  'notification_attempts',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    notificationId: text('notification_id')
      .notNull()
      .references(() => notifications.id, { onDelete: 'cascade' }),
    at: at('at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    statusCode: smallint('status_code'),
    error: text('error'),
    detail: text('detail'),
  },
  (table) => [index('notification_attempts_notification').on(table.notificationId)],
);
