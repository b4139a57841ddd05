import { asc, eq, inArray } from 'drizzle-orm';
import { alertRules, monitors, pageComponents, shards, statusPages } from '#db/schema.ts';
import { type AssignedRule, assignedRuleSchema } from '#domain/alert.ts';
import { checkSpecOf } from '#domain/monitor.ts';
import type { AssignedMonitor, Assignment } from '#domain/wire.ts';
import type { CoreContext, Transaction } from '../context.ts';
import { storedMonitor } from '../services/monitors/stored.ts';

/** Every monitor alerts without any set-up, until rules of its own replace this one: its quorum down, once. */
const DEFAULT_RULE: AssignedRule = {
  id: 'rul_default',
  condition: { type: 'consecutiveFailures', count: 1 },
  severity: 'critical',
  recoveryCount: 1,
};

/**
 * Everything a shard has to know, as one version; null when there is no such shard. Read from one snapshot of
 * the database, so that the version never promises a change the monitors do not show yet.
 */
export async function buildAssignment(ctx: CoreContext, shardId: string): Promise<Assignment | null> {
  return ctx.db.transaction(
    async (tx) => {
      const [shard] = await tx.select().from(shards).where(eq(shards.id, shardId));
      if (shard === undefined) return null;
      const rows = await tx.select().from(monitors).where(eq(monitors.shardId, shardId)).orderBy(asc(monitors.id));
      const ids = rows.map((row) => row.id);
      const rules = await rulesOf(tx, ids);
      const components = await componentsOf(tx, ids);
      return {
        v: 1,
        shard: shardId,
        version: shard.version,
        monitors: rows.map((row): AssignedMonitor => {
          const stored = storedMonitor(ctx, row);
          const { name, intervalSeconds, timeoutMs, locations, enabled, confirm } = stored;
          return {
            id: row.id,
            orgId: row.organizationId,
            name,
            ...checkSpecOf(stored),
            intervalSeconds,
            timeoutMs,
            locations,
            enabled,
            quorum: confirm.quorum ?? null,
            rules: rules.get(row.id) ?? [DEFAULT_RULE],
            components: components.get(row.id) ?? [],
          };
        }),
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

async function rulesOf(tx: Transaction, monitorIds: readonly string[]): Promise<Map<string, AssignedRule[]>> {
  if (monitorIds.length === 0) return new Map();
  const rows = await tx
    .select()
    .from(alertRules)
    .where(inArray(alertRules.monitorId, [...monitorIds]))
    .orderBy(asc(alertRules.id));
  return grouped(rows, (row) => {
    const { id, condition, severity, recoveryCount } = row;
    return [row.monitorId, assignedRuleSchema.parse({ id, condition, severity, recoveryCount })];
  });
}

async function componentsOf(
  tx: Transaction,
  monitorIds: readonly string[],
): Promise<Map<string, AssignedMonitor['components']>> {
  if (monitorIds.length === 0) return new Map();
  const rows = await tx
    .select({ monitorId: pageComponents.monitorId, slug: statusPages.slug, componentId: pageComponents.id })
    .from(pageComponents)
    .innerJoin(statusPages, eq(statusPages.id, pageComponents.pageId))
    .where(inArray(pageComponents.monitorId, [...monitorIds]))
    .orderBy(asc(pageComponents.id));
  return grouped(rows, ({ monitorId, slug, componentId }) => [monitorId ?? '', { slug, componentId }]);
}

function grouped<Row, Value>(rows: readonly Row[], read: (row: Row) => [string, Value]): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const row of rows) {
    const [key, value] = read(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
