import { boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { organizations } from './accounts.ts';
import { at, createdAt, updatedAt } from './columns.ts';
import { monitors } from './monitors.ts';

export const alertRules = pgTable(
  'alert_rules',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    monitorId: text('monitor_id')
      .notNull()
      .references(() => monitors.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    condition: jsonb('condition').notNull(),
    severity: text('severity').notNull(),
    recoveryCount: integer('recovery_count').notNull(),
    channelIds: jsonb('channel_ids').$type<string[] | null>(),
    notifyOnRecovery: boolean('notify_on_recovery').notNull(),
    runbookUrl: text('runbook_url'),
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('alert_rules_organization').on(table.organizationId, table.id),
    index('alert_rules_monitor').on(table.monitorId),
  ],
);

/** Alerts as the edge judged them. `state` only changes from firing to resolved. */
export const alerts = pgTable(
  'alerts',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    monitorId: text('monitor_id').notNull(),
    ruleId: text('rule_id').notNull(),
    severity: text('severity').notNull(),
    state: text('state').notNull().$type<'firing' | 'resolved'>(),
    firedAt: at('fired_at'),
    resolvedAt: at('resolved_at'),
    createdAt: createdAt(),
  },
  (table) => [index('alerts_monitor').on(table.monitorId)],
);
