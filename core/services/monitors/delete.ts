import { and, eq, gt, ne } from 'drizzle-orm';
import { changeIncident } from '#core/incidents/change.ts';
import { publishIncident } from '#core/incidents/publish.ts';
import { requestAssignment, requestPagesOfMonitor } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { incidents, monitors, pageComponents } from '#db/schema.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { PAGE_HISTORY_DAYS } from '#domain/page/snapshot.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext, RequestUnit } from '../request-context.ts';
import { releaseShard } from './allocate-shard.ts';
import { answerOf } from './get.ts';
import { findMonitor } from './stored.ts';

/**
 * Deletes a monitor and resolves its open incidents in the same transaction. The edge reports the alert's end later and
 * finds no open incident, so `incident.resolved` is sent once.
 *
 * Its components leave their status pages: without a monitor they would be shown as operational. Its incidents stay in
 * the history of those pages.
 */
export async function deleteMonitor(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inUnit(ctx, async (ctx) => {
    const row = await findMonitor(ctx, id, true);
    const before = await answerOf(ctx, row);
    await resolveIncidents(ctx, id);
    await requestPagesOfMonitor(ctx.db, id);
    await keepHistory(ctx, id, row.name);
    await ctx.db.delete(pageComponents).where(eq(pageComponents.monitorId, id));
    await ctx.db.delete(monitors).where(eq(monitors.id, id));
    await recordAudit(ctx, {
      action: 'monitor.delete',
      targetType: 'monitor',
      targetId: id,
      before: before.object,
    });
    await releaseShard(ctx.db, row.shardId);
    await requestAssignment(ctx.db, row.shardId);
  });
}

async function resolveIncidents(ctx: RequestUnit, monitorId: string): Promise<void> {
  const open = await ctx.db
    .select({ id: incidents.id })
    .from(incidents)
    .where(and(eq(incidents.monitorId, monitorId), ne(incidents.status, 'resolved')));
  const change = { type: 'recover', summary: 'The monitor was deleted.' } as const;
  for (const { id } of open) await changeIncident(ctx, id, change, ctx.caller.actor);
}

/** Publishes what the monitor's pages showed of it by hand: the incidents have no monitor from now on. */
async function keepHistory(ctx: RequestUnit, monitorId: string, name: string): Promise<void> {
  const shown = await ctx.db
    .selectDistinct({ pageId: pageComponents.pageId })
    .from(pageComponents)
    .where(eq(pageComponents.monitorId, monitorId));
  if (shown.length === 0) return;
  const lately = new Date(ctx.clock.now().getTime() - PAGE_HISTORY_DAYS * DAY_MS);
  const recent = await ctx.db
    .select({ id: incidents.id, organizationId: incidents.organizationId })
    .from(incidents)
    .where(and(eq(incidents.monitorId, monitorId), gt(incidents.resolvedAt, lately)));
  const pages = shown.map(({ pageId }) => ({ pageId, componentIds: [] }));
  const text = `${name} was deleted; the incident stays in the history of its status pages.`;
  for (const incident of recent) await publishIncident(ctx, incident, pages, text, ctx.caller.actor);
}
