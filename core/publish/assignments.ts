import { asc, eq, inArray } from 'drizzle-orm';
import { alertRules, monitors, pageComponents, shards, statusPages } from '#db/schema.ts';
import type { AssignedRule } from '#domain/alert/alert.ts';
import { type AssignedMonitor, type AssignmentEnvelope, assignedMonitorSchema } from '#domain/wire/wire.ts';
import type { CoreContext, Transaction } from '../context.ts';
import { type MonitorRow, readMonitor } from '../services/monitors/stored.ts';
import { inUnit } from '../unit-of-work.ts';

/** The default rule of a monitor without rules of its own: quorum down, once. */
const DEFAULT_RULE: AssignedRule = {
  id: 'rul_default',
  condition: { type: 'consecutiveFailures', count: 1 },
  severity: 'critical',
  recoveryCount: 1,
};

/**
 * The complete assignment of a shard as one version; null without such a shard. All parts are read from one snapshot of
 * the database, so that the version includes exactly the changes that it counts.
 */
export async function buildAssignment(ctx: CoreContext, shardId: string): Promise<AssignmentEnvelope | null> {
  return inUnit(
    ctx,
    async (ctx) => {
      const [shard] = await ctx.db.select().from(shards).where(eq(shards.id, shardId));
      if (shard === undefined) return null;
      const rows = await ctx.db.select().from(monitors).where(eq(monitors.shardId, shardId)).orderBy(asc(monitors.id));
      const ids = rows.map((row) => row.id);
      const rules = await rulesOf(ctx.db, ids);
      const components = await componentsOf(ctx.db, ids);
      return {
        v: 1,
        shard: shardId,
        version: shard.version,
        monitors: rows.map((row) =>
          assigned(ctx, row, { rules: rules.get(row.id) ?? [DEFAULT_RULE], components: components.get(row.id) ?? [] }),
        ),
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/**
 * One monitor of an assignment. A monitor that cannot be read (stored under an older schema, or with a secret that does
 * not open) is sent as its id alone, so that the others are not blocked: the edge stops checking it and reports
 * `unknown`. A monitor that is left out would count as deleted, and its alert as ended.
 */
function assigned(
  ctx: Pick<CoreContext, 'secrets' | 'logger'>,
  row: MonitorRow,
  parts: Pick<AssignedMonitor, 'rules' | 'components'>,
): AssignedMonitor | { id: string } {
  const { id } = row;
  try {
    const { monitor, problem } = readMonitor(ctx, row);
    // Stand-ins are for people to see; only the tags do not matter to a check.
    if (problem?.paths.some((path) => path !== 'tags')) throw new Error(problem.message);
    const { confirm, ...stored } = monitor;
    const { organizationId: organization } = row;
    return assignedMonitorSchema.parse({ ...stored, id, organization, quorum: confirm.quorum ?? null, ...parts });
  } catch (error) {
    ctx.logger.error({ err: error, monitorId: id, shard: row.shardId }, 'a stored monitor cannot be read');
    return { id };
  }
}

/** Rules as stored. Whether a rule can be read is decided together with its monitor. */
async function rulesOf(tx: Transaction, monitorIds: readonly string[]): Promise<Map<string, AssignedRule[]>> {
  if (monitorIds.length === 0) return new Map();
  const rows = await tx
    .select()
    .from(alertRules)
    .where(inArray(alertRules.monitorId, [...monitorIds]))
    .orderBy(asc(alertRules.id));
  return grouped(rows, (row) => {
    const { id, condition, severity, recoveryCount } = row;
    return [row.monitorId, { id, condition, severity, recoveryCount } as AssignedRule];
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
