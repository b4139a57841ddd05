/**
 * All tables, one file a noun. Ids are text (`mon_…`, UUIDv7 in base 32), so their order is the order of creation.
 */
export * from './schema/accounts.ts';
export * from './schema/alerts.ts';
export * from './schema/audit-log.ts';
export * from './schema/channels.ts';
export * from './schema/incidents.ts';
export * from './schema/monitors.ts';
export * from './schema/notifications.ts';
export * from './schema/parked-messages.ts';
export * from './schema/publish-queue.ts';
export * from './schema/requests.ts';
export * from './schema/results.ts';
export * from './schema/rollups.ts';
export * from './schema/rounds.ts';
export * from './schema/status-pages.ts';
export * from './schema/statuses.ts';
