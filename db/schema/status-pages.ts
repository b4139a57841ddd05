import { bigint, boolean, index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { organizations } from './accounts.ts';
import { at, createdAt, updatedAt } from './columns.ts';
import { monitors } from './monitors.ts';

export const statusPages = pgTable(
  'status_pages',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    slug: text('slug').notNull().unique(),
    description: text('description'),
    visibility: text('visibility').notNull().$type<'public'>(),
    /** Whether incidents that BlackTide opened are named after their monitors; else after the page's components. */
    showMonitorNames: boolean('show_monitor_names').notNull().default(false),
    /** Counts every change of the page's content; the snapshot's monotonic version. */
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    publishedVersion: bigint('published_version', { mode: 'number' }).notNull().default(0),
    /**
     * When the edge last received a snapshot. The page's daily bars move with time, so an old snapshot is built again.
     */
    publishedAt: at('published_at'),
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('status_pages_organization').on(table.organizationId, table.id)],
);

export const pageComponents = pgTable(
  'page_components',
  {
    id: text('id').primaryKey(),
    pageId: text('page_id')
      .notNull()
      .references(() => statusPages.id, { onDelete: 'cascade' }),
    monitorId: text('monitor_id').references(() => monitors.id, { onDelete: 'set null' }),
    name: text('name').notNull(),
    description: text('description'),
    groupName: text('group_name'),
    position: integer('position').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('page_components_page').on(table.pageId, table.position),
    index('page_components_monitor').on(table.monitorId),
  ],
);
