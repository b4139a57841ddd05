import { boolean, index, integer, jsonb, pgTable, smallint, text } from 'drizzle-orm/pg-core';
import type { DISABLED_REASONS } from '#domain/api/alerting.ts';
import { organizations } from './accounts.ts';
import { at, createdAt, updatedAt } from './columns.ts';

export const channels = pgTable(
  'channels',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    type: text('type').notNull().$type<'webhook'>(),
    isDefault: boolean('is_default').notNull(),
    enabled: boolean('enabled').notNull(),
    /** The configuration without its secrets. */
    config: jsonb('config').notNull(),
    /** The configuration's secrets ({ secret, headers }) as JSON, sealed (AES-256-GCM). */
    secretsSealed: text('secrets_sealed').notNull(),
    /** When it was switched off, and by whom: `gone` after an answer of 410. Both are null while it is on. */
    disabledAt: at('disabled_at'),
    disabledReason: text('disabled_reason').$type<(typeof DISABLED_REASONS)[number]>(),
    /** First failed attempt since the last delivery, and the latest one; all three are null when it is not failing. */
    failingSince: at('failing_since'),
    lastError: text('last_error'),
    lastStatusCode: smallint('last_status_code'),
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('channels_organization').on(table.organizationId, table.id)],
);
