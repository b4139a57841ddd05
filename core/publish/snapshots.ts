import { and, asc, desc, eq, gt, inArray, ne, or } from 'drizzle-orm';
import { incidents, incidentTimeline, monitorStatus, pageComponents, statusPages } from '#db/schema.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { dailyUptime, type SpanTally, startOfUtcDay, sumTallies, uptimePercent } from '#domain/figures/uptime.ts';
import {
  PAGE_DAYS,
  PAGE_INCIDENTS_MAX,
  type PageComponent,
  type PageIncident,
  type PageSnapshot,
  PUBLIC_INCIDENT_STATUSES,
} from '#domain/page/snapshot.ts';
import { readTallies } from '../aggregate/tallies.ts';
import type { CoreContext, Transaction } from '../context.ts';
import { inUnit } from '../unit-of-work.ts';

/** Resolved incidents stay on a page this many days, as on Atlassian's. */
const INCIDENT_DAYS = 14;
/** Most updates of an incident, the schema's bound. */
const UPDATES_MAX = 100;

type ComponentRow = typeof pageComponents.$inferSelect;
type IncidentRow = typeof incidents.$inferSelect;

/**
 * The snapshot of a page: everything that the edge needs to render it while the core is down; null without such a slug.
 * All parts are read from one snapshot of the database, so that version and content belong together.
 */
export async function buildSnapshot(ctx: CoreContext, slug: string): Promise<PageSnapshot | null> {
  return inUnit(
    ctx,
    async (ctx) => {
      const [page] = await ctx.db.select().from(statusPages).where(eq(statusPages.slug, slug));
      if (page === undefined) return null;
      const components = await ctx.db
        .select()
        .from(pageComponents)
        .where(eq(pageComponents.pageId, page.id))
        .orderBy(asc(pageComponents.position), asc(pageComponents.id));
      return {
        v: 1,
        slug,
        pageId: page.id,
        version: page.version,
        name: page.name,
        description: page.description,
        createdAt: page.createdAt.toISOString(),
        updatedAt: page.updatedAt.toISOString(),
        components: await describeComponents(ctx.db, components, ctx.clock.now()),
        incidents: await describeIncidents(ctx.db, components, ctx.clock.now()),
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

async function describeComponents(tx: Transaction, rows: readonly ComponentRow[], now: Date): Promise<PageComponent[]> {
  const monitorIds = monitorsOf(rows);
  const statuses = new Map(
    monitorIds.length === 0
      ? []
      : (await tx.select().from(monitorStatus).where(inArray(monitorStatus.monitorId, monitorIds))).map((row) => [
          row.monitorId,
          row,
        ]),
  );
  const from = new Date(startOfUtcDay(now.getTime()) - (PAGE_DAYS - 1) * DAY_MS);
  const tallies = await readTallies(tx, monitorIds, from, now);
  return rows.map((row) => {
    const status = row.monitorId === null ? undefined : statuses.get(row.monitorId);
    const spans = row.monitorId === null ? [] : (tallies.get(row.monitorId) ?? []);
    return {
      id: row.id,
      name: row.name,
      description: row.description,
      group: row.groupName,
      monitored: row.monitorId !== null,
      // A component without a monitor is always up.
      status: row.monitorId === null ? 'up' : (status?.status ?? 'pending'),
      statusSince: status?.since?.toISOString() ?? null,
      observedAt: status?.observedAt?.toISOString() ?? null,
      ...uptimeOf(spans, from, now),
      createdAt: row.createdAt.toISOString(),
    };
  });
}

function uptimeOf(spans: readonly SpanTally[], from: Date, now: Date): Pick<PageComponent, 'uptimePercent' | 'days'> {
  return {
    uptimePercent: uptimePercent(sumTallies(spans)),
    days: dailyUptime(spans, from.getTime(), now.getTime()),
  };
}

/** Incidents of the page's monitors: open ones, and those resolved within INCIDENT_DAYS. */
async function describeIncidents(
  tx: Transaction,
  components: readonly ComponentRow[],
  now: Date,
): Promise<PageIncident[]> {
  const monitorIds = monitorsOf(components);
  if (monitorIds.length === 0) return [];
  const lately = new Date(now.getTime() - INCIDENT_DAYS * DAY_MS);
  const rows = await tx
    .select()
    .from(incidents)
    .where(
      and(
        inArray(incidents.monitorId, monitorIds),
        or(ne(incidents.status, 'resolved'), gt(incidents.resolvedAt, lately)),
      ),
    )
    .orderBy(desc(incidents.startedAt))
    .limit(PAGE_INCIDENTS_MAX);
  const updates = await updatesOf(
    tx,
    rows.map((row) => row.id),
  );
  return rows.map((row) => describeIncident(row, components, updates.get(row.id) ?? []));
}

/** An incident with its public updates. An automatic incident without updates is shown as under investigation. */
function describeIncident(
  row: IncidentRow,
  components: readonly ComponentRow[],
  updates: PageIncident['updates'],
): PageIncident {
  return {
    id: row.id,
    title: row.title,
    status: row.publicStatus,
    severity: row.severity,
    startedAt: row.startedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    componentIds: components.filter((component) => component.monitorId === row.monitorId).map(({ id }) => id),
    updates,
  };
}

async function updatesOf(
  tx: Transaction,
  incidentIds: readonly string[],
): Promise<Map<string, PageIncident['updates']>> {
  const updates = new Map<string, PageIncident['updates']>();
  if (incidentIds.length === 0) return updates;
  const rows = await tx
    .select()
    .from(incidentTimeline)
    .where(and(inArray(incidentTimeline.incidentId, [...incidentIds]), eq(incidentTimeline.kind, 'update')))
    .orderBy(desc(incidentTimeline.at));
  for (const row of rows) {
    const list = updates.get(row.incidentId) ?? [];
    const status = PUBLIC_INCIDENT_STATUSES.find((known) => known === publicStatusIn(row.data)) ?? 'investigating';
    if (list.length < UPDATES_MAX) list.push({ id: row.id, status, body: row.text, at: row.at.toISOString() });
    updates.set(row.incidentId, list);
  }
  return updates;
}

function publicStatusIn(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'publicStatus' in data ? data.publicStatus : undefined;
}

function monitorsOf(components: readonly ComponentRow[]): string[] {
  return [...new Set(components.flatMap((component) => component.monitorId ?? []))];
}
