import { and, asc, count, desc, eq, gt, inArray, ne, or, sql } from 'drizzle-orm';
import { incidents, incidentTimeline, monitorStatus, pageComponents, statusPages } from '#db/schema.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { dailyUptime, startOfUtcDay, sumTallies, uptimePercent } from '#domain/figures/uptime.ts';
import { statusByIncidents } from '#domain/page/page-status.ts';
import {
  PAGE_DAYS,
  PAGE_HISTORY_DAYS,
  PAGE_OPEN_INCIDENTS_MAX,
  PAGE_PAST_INCIDENTS_MAX,
  type PageComponent,
  type PageIncident,
  type PageSnapshot,
  PUBLIC_INCIDENT_STATUSES,
} from '#domain/page/snapshot.ts';
import { uncoveredSince } from '../aggregate/read.ts';
import { readTallies, type WindowTally } from '../aggregate/tallies.ts';
import type { CoreContext, Transaction } from '../context.ts';
import { pagesIn } from '../incidents/published-pages.ts';
import { inUnit } from '../unit-of-work.ts';
import { publicTitle } from './public-title.ts';
import { publicUrl } from './public-url.ts';

/** Most updates of an incident, the schema's bound. */
const UPDATES_MAX = 100;
/** Characters of all updates of a page. A snapshot is one row at the edge, of at most 2 MB; the bars of a page take 1.2. */
const UPDATES_TEXT_MAX = 200_000;

type PageRow = typeof statusPages.$inferSelect;
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
      const now = ctx.clock.now();
      const told = await describeIncidents(ctx.db, page, components, now);
      return {
        v: 1,
        slug,
        url: publicUrl(ctx.config, slug),
        pageId: page.id,
        version: page.version,
        name: page.name,
        description: page.description,
        createdAt: page.createdAt.toISOString(),
        updatedAt: page.updatedAt.toISOString(),
        components: await describeComponents(ctx.db, components, told.incidents, now),
        ...told,
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

async function describeComponents(
  tx: Transaction,
  rows: readonly ComponentRow[],
  told: readonly PageIncident[],
  now: Date,
): Promise<PageComponent[]> {
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
    const tally = row.monitorId === null ? undefined : tallies.get(row.monitorId);
    const byHand = statusByIncidents(told.filter(({ componentIds }) => componentIds.includes(row.id)));
    return {
      id: row.id,
      name: row.name,
      description: row.description,
      group: row.groupName,
      monitored: row.monitorId !== null,
      status: row.monitorId === null ? byHand.status : (status?.status ?? 'pending'),
      statusSince: row.monitorId === null ? byHand.since : (status?.since?.toISOString() ?? null),
      observedAt: status?.observedAt?.toISOString() ?? null,
      ...uptimeOf(tally, from, now),
      createdAt: row.createdAt.toISOString(),
    };
  });
}

function uptimeOf(
  tally: WindowTally | undefined,
  from: Date,
  now: Date,
): Pick<PageComponent, 'uptimePercent' | 'uptimeSince' | 'days'> {
  const days = tally?.days ?? [];
  return {
    uptimePercent: uptimePercent(sumTallies(days)),
    uptimeSince: tally === undefined ? null : (uncoveredSince(tally, from, now)?.toISOString() ?? null),
    days: dailyUptime(days, from.getTime(), now.getTime()),
  };
}

interface PageIncidents {
  readonly incidents: PageIncident[];
  readonly moreOpenIncidents: number;
  readonly historySince: string | null;
}

/**
 * Incidents of the page's monitors, and those without a monitor that were published on the page: open ones, and those
 * resolved within PAGE_HISTORY_DAYS. Each kind has its own limit, so that resolved incidents displace no open one.
 */
async function describeIncidents(
  tx: Transaction,
  page: PageRow,
  components: readonly ComponentRow[],
  now: Date,
): Promise<PageIncidents> {
  const lately = new Date(now.getTime() - PAGE_HISTORY_DAYS * DAY_MS);
  const published = await publishedOn(tx, page, lately);
  const belongs = or(
    inArray(incidents.monitorId, monitorsOf(components)),
    inArray(incidents.id, [...published.keys()]),
  );
  const isOpen = and(belongs, ne(incidents.status, 'resolved'));
  const open = await tx
    .select()
    .from(incidents)
    .where(isOpen)
    .orderBy(desc(incidents.startedAt), desc(incidents.id))
    .limit(PAGE_OPEN_INCIDENTS_MAX);
  const [counted] =
    open.length < PAGE_OPEN_INCIDENTS_MAX ? [] : await tx.select({ open: count() }).from(incidents).where(isOpen);
  const past = await tx
    .select()
    .from(incidents)
    .where(and(belongs, eq(incidents.status, 'resolved'), gt(incidents.resolvedAt, lately)))
    .orderBy(desc(incidents.resolvedAt), desc(incidents.id))
    .limit(PAGE_PAST_INCIDENTS_MAX + 1);
  const shownPast = past.slice(0, PAGE_PAST_INCIDENTS_MAX);
  const rows = [...open, ...shownPast];
  const updates = await updatesOf(
    tx,
    rows.map((row) => row.id),
  );
  const isThere = new Set(components.map(({ id }) => id));
  return {
    incidents: rows
      .map((row) => {
        const componentIds =
          published.get(row.id)?.filter((id) => isThere.has(id)) ??
          components.filter((component) => component.monitorId === row.monitorId).map(({ id }) => id);
        const title = page.showMonitorNames ? row.title : publicTitle(row, named(components, componentIds));
        return describeIncident(row, title, componentIds, updates.get(row.id) ?? []);
      })
      .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt)),
    moreOpenIncidents: Math.max(0, (counted?.open ?? 0) - PAGE_OPEN_INCIDENTS_MAX),
    historySince: past.length > shownPast.length ? (shownPast.at(-1)?.resolvedAt?.toISOString() ?? null) : null,
  };
}

/** Incidents without a monitor that are published on the page, with the components they are about. */
async function publishedOn(tx: Transaction, page: PageRow, lately: Date): Promise<Map<string, readonly string[]>> {
  const rows = await tx.execute(sql`
    SELECT i.id, published.data FROM incidents i
    CROSS JOIN LATERAL (
      SELECT t.data FROM incident_timeline t
      WHERE t.incident_id = i.id AND t.kind = 'published' ORDER BY t.at DESC, t.id DESC LIMIT 1
    ) AS published
    WHERE i.organization_id = ${page.organizationId} AND i.monitor_id IS NULL
      AND (i.status <> 'resolved' OR i.resolved_at > ${lately.toISOString()}::timestamptz)
      AND published.data @> ${JSON.stringify({ pages: [{ pageId: page.id }] })}::jsonb`);
  return new Map(
    rows.map((row) => [
      row.id as string,
      pagesIn(row.data).find(({ pageId }) => pageId === page.id)?.componentIds ?? [],
    ]),
  );
}

/** An incident with its public updates. An automatic incident without updates is shown as under investigation. */
function describeIncident(
  row: IncidentRow,
  title: string,
  componentIds: readonly string[],
  updates: PageIncident['updates'],
): PageIncident {
  return {
    id: row.id,
    title,
    status: row.publicStatus,
    severity: row.severity,
    startedAt: row.startedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    componentIds: [...componentIds],
    updates,
  };
}

/**
 * Public updates by incident, newest first. Long stories are cut to UPDATES_TEXT_MAX in total; the newest update of
 * each incident is always kept.
 */
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
    .orderBy(desc(incidentTimeline.at), desc(incidentTimeline.id));
  let length = 0;
  for (const row of rows) {
    const list = updates.get(row.incidentId) ?? [];
    updates.set(row.incidentId, list);
    length += row.text.length;
    if (list.length > 0 && (list.length === UPDATES_MAX || length > UPDATES_TEXT_MAX)) continue;
    const status = PUBLIC_INCIDENT_STATUSES.find((known) => known === publicStatusIn(row.data)) ?? 'investigating';
    list.push({ id: row.id, status, body: row.text, at: row.at.toISOString() });
  }
  return updates;
}

function publicStatusIn(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'publicStatus' in data ? data.publicStatus : undefined;
}

function named(components: readonly ComponentRow[], ids: readonly string[]): string[] {
  return components.filter(({ id }) => ids.includes(id)).map(({ name }) => name);
}

function monitorsOf(components: readonly ComponentRow[]): string[] {
  return [...new Set(components.flatMap((component) => component.monitorId ?? []))];
}
