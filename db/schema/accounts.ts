import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, createdAt } from './columns.ts';

export const organizations = pgTable('organizations', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: createdAt(),
});

export const users = pgTable('users', {
  id: text('id').primaryKey(),
  email: text('email').notNull().unique(),
  name: text('name').notNull(),
  passwordHash: text('password_hash').notNull(),
  installationOwner: boolean('installation_owner').notNull().default(false),
  createdAt: createdAt(),
});

export const memberships = pgTable(
  'memberships',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text('role').notNull().$type<'owner' | 'admin' | 'member' | 'viewer'>(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.userId] }),
    index('memberships_user').on(table.userId),
  ],
);

/** Browser sessions. The refresh token rotates; the use of an old one ends the session (reuse detection). */
export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    refreshHash: text('refresh_hash').notNull(),
    previousRefreshHash: text('previous_refresh_hash'),
    rotatedAt: at('rotated_at'),
    userAgent: text('user_agent').notNull().default(''),
    ip: text('ip').notNull().default(''),
    createdAt: createdAt(),
    expiresAt: at('expires_at').notNull(),
    revokedAt: at('revoked_at'),
  },
  (table) => [index('sessions_user').on(table.userId), index('sessions_expiry').on(table.expiresAt)],
);

/**
 * Attempts to name a password, lately, by whom they are counted for (core/services/accounts/password-attempts.ts). An
 * attempt is counted before the password is compared, and taken back when it was right.
 */
export const passwordAttempts = pgTable(
  'password_attempts',
  {
    /** An account, whether it exists or not, a device that is known to it, or a signed-in user. */
    subject: text('subject').primaryKey(),
    attempts: integer('attempts').notNull(),
    /** First of the attempts that are counted. */
    countedSince: at('counted_since').notNull(),
    lastAt: at('last_at').notNull(),
    /** No password is compared before; null while there is no wait. */
    waitUntil: at('wait_until'),
  },
  (table) => [index('password_attempts_age').on(table.lastAt)],
);

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
    name: text('name').notNull(),
    prefix: text('prefix').notNull(),
    /** SHA-256 of the key. The key has 256 random bits, so a slow hash would add nothing. */
    keyHash: text('key_hash').notNull().unique(),
    scopes: jsonb('scopes').notNull().$type<('read' | 'write' | 'admin')[]>(),
    createdAt: createdAt(),
    expiresAt: at('expires_at'),
    lastUsedAt: at('last_used_at'),
  },
  (table) => [index('api_keys_organization').on(table.organizationId)],
);
