import { and, count, eq, gt, inArray, notInArray } from 'drizzle-orm';
import type { z } from 'zod';
import type { Transaction } from '#core/context.ts';
import { requestAssignment } from '#core/publish/request.ts';
import { monitors, pageComponents } from '#db/schema.ts';
import type { componentInputSchema } from '#domain/api/status-page.ts';
import { newId } from '../new-id.ts';
import type { RequestUnit } from '../request-context.ts';
import { invalid } from '../validated.ts';
import { readComponents } from './stored.ts';

export type ComponentInput = z.output<typeof componentInputSchema>;

/** Most components per monitor in an assignment (domain/wire/wire.ts). */
const COMPONENTS_PER_MONITOR_MAX = 50;

/**
 * Replaces the page's components by these, in this order, keeping known ids. Requests new assignments of the monitors'
 * shards.
 */
export async function writeComponents(
  ctx: RequestUnit,
  pageId: string,
  wanted: readonly ComponentInput[],
): Promise<void> {
  const held = await readComponents(ctx.db, [pageId]);
  const heldIds = held.map((row) => row.id);
  requireOwnIds(wanted, heldIds);
  const monitorIds = wanted.flatMap(({ monitorId }) => monitorId ?? []);
  await requireMonitors(ctx, wanted, monitorIds);

  const kept = wanted.flatMap(({ id }) => id ?? []);
  await ctx.db
    .delete(pageComponents)
    .where(and(eq(pageComponents.pageId, pageId), notInArray(pageComponents.id, kept)));
  for (const [position, component] of wanted.entries()) {
    const columns = {
      name: component.name,
      description: component.description ?? null,
      groupName: component.group ?? null,
      monitorId: component.monitorId ?? null,
      position,
    };
    if (component.id !== undefined) {
      await ctx.db.update(pageComponents).set(columns).where(eq(pageComponents.id, component.id));
    } else {
      const createdAt = ctx.clock.now();
      await ctx.db.insert(pageComponents).values({ id: newId(ctx, 'cmp'), pageId, ...columns, createdAt });
    }
  }
  await requireRoom(ctx.db, wanted, monitorIds);
  await requestAssignmentsOf(ctx.db, [...monitorIds, ...held.flatMap((row) => row.monitorId ?? [])]);
}

/**
 * Requests assignments of the monitors' shards. A shard sends its monitors' states to page objects directly, so its
 * assignment lists the components.
 */
export async function requestAssignmentsOf(tx: Transaction, monitorIds: readonly string[]): Promise<void> {
  if (monitorIds.length === 0) return;
  const rows = await tx
    .selectDistinct({ shardId: monitors.shardId })
    .from(monitors)
    .where(inArray(monitors.id, [...new Set(monitorIds)]))
    // Two concurrent changes lock the shards in the same order and cannot deadlock.
    .orderBy(monitors.shardId);
  for (const { shardId } of rows) await requestAssignment(tx, shardId);
}

function requireOwnIds(wanted: readonly ComponentInput[], heldIds: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of wanted.entries()) {
    if (id === undefined) continue;
    if (!heldIds.includes(id)) throw invalid(`components.${index}.id`, 'the page has no such component');
    if (seen.has(id)) throw invalid(`components.${index}.id`, 'stands here twice');
    seen.add(id);
  }
}

async function requireMonitors(
  ctx: RequestUnit,
  wanted: readonly ComponentInput[],
  monitorIds: readonly string[],
): Promise<void> {
  if (monitorIds.length === 0) return;
  const own = await ctx.db
    .select({ id: monitors.id })
    .from(monitors)
    .where(and(inArray(monitors.id, [...monitorIds]), eq(monitors.organizationId, ctx.caller.organizationId)));
  const index = wanted.findIndex(({ monitorId }) => monitorId != null && !own.some(({ id }) => id === monitorId));
  if (index !== -1) throw invalid(`components.${index}.monitorId`, 'there is no such monitor');
}

async function requireRoom(
  tx: Transaction,
  wanted: readonly ComponentInput[],
  monitorIds: readonly string[],
): Promise<void> {
  if (monitorIds.length === 0) return;
  const [full] = await tx
    .select({ monitorId: pageComponents.monitorId })
    .from(pageComponents)
    .where(inArray(pageComponents.monitorId, [...monitorIds]))
    .groupBy(pageComponents.monitorId)
    .having(gt(count(), COMPONENTS_PER_MONITOR_MAX))
    .limit(1);
  if (full === undefined) return;
  const index = wanted.findIndex(({ monitorId }) => monitorId === full.monitorId);
  throw invalid(`components.${index}.monitorId`, `is shown in ${COMPONENTS_PER_MONITOR_MAX} components already`);
}
