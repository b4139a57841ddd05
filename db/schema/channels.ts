import { boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { organizations } from './accounts.ts';
import { createdAt, updatedAt } from './columns.ts';

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
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('channels_organization').on(table.organizationId, table.id)],
);
