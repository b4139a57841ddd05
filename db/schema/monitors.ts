import { bigint, boolean, index, integer, jsonb, pgTable, smallint, text } from 'drizzle-orm/pg-core';
import { organizations } from './accounts.ts';
import { createdAt, updatedAt } from './columns.ts';

/**
 * Directory of the edge's shards and of the monitors in each. `version` counts every change of a shard's assignment.
 */
export const shards = pgTable('shards', {
  id: text('id').primaryKey(),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  publishedVersion: bigint('published_version', { mode: 'number' }).notNull().default(0),
  monitorCount: integer('monitor_count').notNull().default(0),
  createdAt: createdAt(),
});

export const monitors = pgTable(
  'monitors',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    shardId: text('shard_id')
      .notNull()
      .references(() => shards.id),
    name: text('name').notNull(),
    type: text('type').notNull().$type<'http'>(),
    /** The type's configuration without `auth`. */
    config: jsonb('config').notNull(),
    /** `config.auth`, sealed (AES-256-GCM). */
    authSealed: text('auth_sealed'),
    intervalSeconds: integer('interval_seconds').notNull(),
    timeoutMs: integer('timeout_ms').notNull(),
    locations: jsonb('locations').notNull().$type<string[]>(),
    tags: jsonb('tags').notNull().$type<string[]>(),
    enabled: boolean('enabled').notNull(),
    quorum: smallint('quorum'),
    /** Counts updates; the API's ETag. */
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('monitors_organization').on(table.organizationId, table.id),
    index('monitors_shard').on(table.shardId),
  ],
);
