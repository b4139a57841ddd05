import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { VerdictStatus, WatchStatus } from '#domain/check/status.ts';
import type { Failing } from '#domain/wire/wire.ts';

/** The tables. Ids are text (`mon_…`, UUIDv7 in base 32), so their order is the order of creation. */

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 });
const createdAt = () => at('created_at').notNull().default(sql`now()`);
const updatedAt = () => at('updated_at').notNull().default(sql`now()`);

/* ---- accounts ------------------------------------------------------------------------------------------ */

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

/** A signed-in browser. The refresh token rotates; using an old one ends the session (reuse detection). */
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
    /** SHA-256 of the key: it has 256 bits of its own, so a slow hash adds nothing. */
    keyHash: text('key_hash').notNull().unique(),
    scopes: jsonb('scopes').notNull().$type<('read' | 'write' | 'admin')[]>(),
    createdAt: createdAt(),
    expiresAt: at('expires_at'),
    lastUsedAt: at('last_used_at'),
  },
  (table) => [index('api_keys_organization').on(table.organizationId)],
);

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

/** Answers of POSTs with an Idempotency-Key, kept for 24 hours. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** Organisation (or client address when not signed in), method, path and the caller's key. */
    scope: text('scope').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    /** null while the first request is still being worked on. */
    status: smallint('status'),
    /** The answer's body, sealed: it may hold a secret that is shown once. */
    body: text('body'),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] }), index('idempotency_keys_age').on(table.createdAt)],
);

/** Service tokens that were used: a second use is a replay. */
export const serviceTokenUses = pgTable(
  'service_token_uses',
  { jti: text('jti').primaryKey(), expiresAt: at('expires_at').notNull() },
  (table) => [index('service_token_uses_expiry').on(table.expiresAt)],
);

/* ---- monitors ------------------------------------------------------------------------------------------ */

/** Directory: which edge object holds which monitors. `version` counts every change of its assignment. */
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
    /** Counts updates: the ETag. */
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('monitors_organization').on(table.organizationId, table.id),
    index('monitors_shard').on(table.shardId),
  ],
);

/** Latest status, one row a monitor, written by ingest in the transaction of the result or event. */
export const monitorStatus = pgTable('monitor_status', {
  monitorId: text('monitor_id')
    .primaryKey()
    .references(() => monitors.id, { onDelete: 'cascade' }),
  status: text('status').notNull().$type<WatchStatus>(),
  /** What the edge said last. While results are missing `status` is `unknown`; this is what it goes back to. */
  edgeStatus: text('edge_status').$type<WatchStatus>(),
  /** True while `status` is `unknown` because no results arrive. */
  stale: boolean('stale').notNull().default(false),
  since: at('since'),
  /** Slot of the round behind the status: an older event never overrides a newer one. */
  observedAt: at('observed_at'),
  /** When the newest check began that was really made: missed ones say nothing about the target. */
  lastCheckAt: at('last_check_at'),
});

export const locationStatus = pgTable(
  'location_status',
  {
    monitorId: text('monitor_id')
      .notNull()
      .references(() => monitors.id, { onDelete: 'cascade' }),
    location: text('location').notNull(),
    outcome: text('outcome').notNull(),
    reason: text('reason'),
    detail: text('detail'),
    /** When the newest check began that was really made; null while all were missed. */
    lastCheckAt: at('last_check_at'),
    scheduledAt: at('scheduled_at').notNull(),
    responseTimeMs: doublePrecision('response_time_ms'),
    colo: text('colo'),
  },
  (table) => [primaryKey({ columns: [table.monitorId, table.location] })],
);

/** Operators' view of a location, per shard that reported it. */
export const locationDarkness = pgTable(
  'location_darkness',
  {
    location: text('location').notNull(),
    shardId: text('shard_id').notNull(),
    dark: boolean('dark').notNull(),
    at: at('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.location, table.shardId] })],
);

/**
 * Partitioned by week of `scheduled_at` (raw SQL in the migration; db/partitions.ts creates weeks ahead).
 * No foreign key: a result of a monitor that was just deleted must not stop its batch.
 */
export const checkResults = pgTable(
  'check_results',
  {
    id: text('id').notNull(),
    monitorId: text('monitor_id').notNull(),
    location: text('location').notNull(),
    scheduledAt: at('scheduled_at').notNull(),
    manual: boolean('manual').notNull(),
    startedAt: at('started_at').notNull(),
    outcome: text('outcome').notNull().$type<'success' | 'failure' | 'timeout' | 'error'>(),
    reason: text('reason'),
    detail: text('detail'),
    responseTimeMs: doublePrecision('response_time_ms'),
    statusCode: smallint('status_code'),
    attempts: smallint('attempts').notNull(),
    colo: text('colo'),
    traceId: text('trace_id').notNull(),
    /** All members of the result without a column of their own: those of this version, and those of newer ones. */
    facts: jsonb('facts'),
  },
  (table) => [
    primaryKey({ columns: [table.monitorId, table.location, table.scheduledAt, table.manual] }),
    /** One monitor's hour: the key has the location before the time, which only PostgreSQL 18 can skip. */
    index('check_results_monitor_time').on(table.monitorId, table.scheduledAt),
    /** The few that failed, among millions that did not: lists of failures would walk through all of them. */
    index('check_results_not_successful')
      .on(table.monitorId, table.location, table.scheduledAt, table.manual)
      .where(sql`outcome <> 'success'`),
  ],
);

/**
 * Verdicts as `round.judged` tells them: written once, never judged again. A verdict stands from its slot until the
 * monitor's next round, at most `interval_seconds`. Partitioned by week like check_results.
 */
export const rounds = pgTable(
  'rounds',
  {
    monitorId: text('monitor_id').notNull(),
    scheduledAt: at('scheduled_at').notNull(),
    status: text('status').notNull().$type<VerdictStatus>(),
    failing: jsonb('failing').notNull().$type<Failing>(),
    /** Locations that were asked and had no vote. */
    excluded: jsonb('excluded').notNull().$type<string[]>(),
    /** Why it is `unknown`. */
    cause: text('cause'),
    intervalSeconds: integer('interval_seconds').notNull(),
    judgedAt: at('judged_at').notNull(),
    traceId: text('trace_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.monitorId, table.scheduledAt] }),
    /** The few that are not up, among millions that are: a list of outages would walk through all of them. */
    index('rounds_not_up').on(table.monitorId, table.scheduledAt).where(sql`status <> 'up'`),
  ],
);

/** Hours to (re)compute: what arrives marks the hours it changes, the aggregator rewrites each of them as a whole. */
export const dirtyHours = pgTable(
  'dirty_hours',
  {
    monitorId: text('monitor_id').notNull(),
    hour: at('hour').notNull(),
    markedAt: at('marked_at').notNull().default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.monitorId, table.hour] }), index('dirty_hours_hour').on(table.hour)],
);

/** One row per monitor, location and hour; location '*' is the verdict of the rounds. */
export const rollupsHourly = pgTable(
  'rollups_hourly',
  {
    monitorId: text('monitor_id').notNull(),
    location: text('location').notNull(),
    hour: at('hour').notNull(),
    /** Results (or, for '*', rounds whose slot is in the hour) by what they say: up, down, unknown. */
    up: integer('up').notNull(),
    down: integer('down').notNull(),
    unknown: integer('unknown').notNull(),
    /** Only for '*': seconds of the hour for which each verdict stood. Degraded is up. */
    upSeconds: doublePrecision('up_seconds').notNull().default(0),
    downSeconds: doublePrecision('down_seconds').notNull().default(0),
    unknownSeconds: doublePrecision('unknown_seconds').notNull().default(0),
    /** Counted by a version that stored no rounds: there are none to count it from again. */
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

/** The '*' rows of each UTC day added up, kept for ever. Written in the transaction that writes any of its hours. */
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

/* ---- alerts, incidents, notifications ------------------------------------------------------------------- */

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

/** Alerts as the edge judged them. `state` only moves from firing to resolved. */
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

export const incidents = pgTable(
  'incidents',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id, { onDelete: 'cascade' }),
    /** null when a person opened it. */
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
    /** What is open now, among everything that ever was: every list of monitors asks. */
    index('incidents_open').on(table.monitorId).where(sql`status <> 'resolved'`),
  ],
);

/** Append only: rows are never changed or deleted while their incident exists. */
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
    /** Without secrets. */
    config: jsonb('config').notNull(),
    /** JSON of the configuration's secrets ({ secret, headers }), sealed (AES-256-GCM). */
    secretsSealed: text('secrets_sealed').notNull(),
    revision: integer('revision').notNull().default(1),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('channels_organization').on(table.organizationId, table.id)],
);

/** The outbox: written in the transaction of its cause, leased by notify, delivered at least once. */
export const notifications = pgTable(
  'notifications',
  {
    /** Derived from incident, event and channel: the same cause is one notification. Also the webhook-id. */
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
    index('notifications_due').on(table.nextAttemptAt).where(sql`status in ('pending', 'failed')`),
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

/* ---- status pages --------------------------------------------------------------------------------------- */

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
    /** Counts every change of what is shown: the snapshot's monotonic version. */
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    publishedVersion: bigint('published_version', { mode: 'number' }).notNull().default(0),
    /** When the edge last took a snapshot: its bars move with time, so an old one is made anew. */
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

/** Things to send to the edge, asked for in the transaction that changed them. One row a thing. */
export const publishQueue = pgTable(
  'publish_queue',
  {
    kind: text('kind').notNull().$type<'assignment' | 'page' | 'page_removed'>(),
    /** Shard id, or page slug. */
    key: text('key').notNull(),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: at('next_attempt_at').notNull().default(sql`now()`),
    leasedUntil: at('leased_until'),
    /** Counts requests, so that one made while the last is being sent is not lost. */
    requests: integer('requests').notNull().default(1),
    lastError: text('last_error'),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

/** Messages nobody could use: unknown version, broken shape, too many failures. People can see and replay them. */
export const parkedMessages = pgTable(
  'parked_messages',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    subject: text('subject').notNull(),
    consumer: text('consumer').notNull(),
    reason: text('reason').notNull(),
    payload: text('payload').notNull(),
    at: at('at').notNull().default(sql`now()`),
    /** When a person sent it down the road again; null since it was parked (again). */
    replayedAt: at('replayed_at'),
  },
  (table) => [
    index('parked_messages_at').on(table.at),
    /** A message that is delivered again is parked once. */
    uniqueIndex('parked_messages_once').on(table.consumer, sql`md5(payload)`),
  ],
);
