import { index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { organizations } from './accounts.ts';
import { createdAt } from './columns.ts';

export const auditLog = pgTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    actorType: text('actor_type').notNull().$type<'system' | 'user' | 'api_key'>(),
    actorId: text('actor_id'),
    actorName: text('actor_name').notNull(),
    action: text('action').notNull(),
    targetType: text('target_type').notNull(),
    targetId: text('target_id'),
    before: jsonb('before'),
    after: jsonb('after'),
    ip: text('ip').notNull().default(''),
    traceId: text('trace_id').notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('audit_log_organization').on(table.organizationId, table.id)],
);
