import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { UnreachedReason } from '#domain/incident/incident.ts';
import { organizations } from './accounts.ts';
import { at, createdAt, updatedAt } from './columns.ts';
import { monitors } from './monitors.ts';

export const incidents = pgTable(
  'incidents',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    /** null for an incident that a person opened. */
    alertId: text('alert_id'),
    ruleId: text('rule_id'),
    monitorId: text('monitor_id').references(() => monitors.id, { onDelete: 'set null' }),
    title: text('title').notNull(),
    summary: text('summary').notNull(),
    status: text('status').notNull().$type<'open' | 'acknowledged' | 'resolved'>(),
    severity: text('severity').notNull().$type<'critical' | 'major' | 'minor' | 'info'>(),
    publicStatus: text('public_status').notNull().$type<'investigating' | 'identified' | 'monitoring' | 'resolved'>(),
    startedAt: at('started_at').notNull(),
    acknowledgedAt: at('acknowledged_at'),
    resolvedAt: at('resolved_at'),
    /** First delivery of a message about it; null while nobody was reached. */
    reachedAt: at('reached_at'),
    /** Why nobody was reached and no message is under way; null while one is, or when somebody was reached. */
    unreachedReason: text('unreached_reason').$type<UnreachedReason>(),
    traceId: text('trace_id').notNull(),
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    /** One open incident per alert. */
    uniqueIndex('incidents_one_open_per_alert').on(table.alertId).where(sql`status <> 'resolved'`),
    index('incidents_organization').on(table.organizationId, table.id),
    index('incidents_monitor').on(table.monitorId, table.id),
    /** Open incidents are few among all incidents, and every list of monitors reads them. */
    index('incidents_open').on(table.monitorId).where(sql`status <> 'resolved'`),
  ],
);

/** Append only: entries are not changed, and are deleted with their incident only. */
export const incidentTimeline = pgTable(
  'incident_timeline',
  {
    id: text('id').primaryKey(),
    incidentId: text('incident_id')
      .notNull()
      .references(() => incidents.id, { onDelete: 'cascade' }),
    kind: text('kind').notNull(),
    at: at('at').notNull(),
    actorType: text('actor_type').notNull().$type<'system' | 'user' | 'api_key'>(),
    actorId: text('actor_id'),
    actorName: text('actor_name').notNull(),
    text: text('text').notNull(),
    data: jsonb('data').notNull().default({}),
  },
  (table) => [index('incident_timeline_incident').on(table.incidentId, table.at)],
);
