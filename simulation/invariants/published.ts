import { readUptime } from '#core/aggregate/read.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { uptimePercent } from '#domain/figures/uptime.ts';
import { verdictTime } from '#tests/core/verdict-time.ts';
import type { SimulatedShard } from '../shard.ts';
import type { Simulation } from '../simulation.ts';
import { requireEqual, requireThat } from '../violation.ts';
import { readVerdicts, uptimeOf } from './rollups.ts';

/** The edge has the newest version of everything, and pages show what the database says. */
export async function requirePublished({ ctx, edge, shard, uplink }: Simulation): Promise<void> {
  const { shards, pages } = await uplink.directory();
  requireEqual(
    shards.map(({ version }) => version),
    [shard.version],
    'the shard has the newest assignment',
  );
  requireEqual(
    [...edge.pages.values()].map(({ slug, version }) => ({ slug, version })).sort(bySlug),
    [...pages].sort(bySlug),
    'the edge has the newest version of every page, and no other page',
  );
  for (const page of edge.pages.values()) {
    const components = await ctx.sql<{ id: string; monitorId: string | null; status: string | null }[]>`
      SELECT c.id, c.monitor_id AS "monitorId", s.status FROM page_components c
      LEFT JOIN monitor_status s ON s.monitor_id = c.monitor_id WHERE page_id = ${page.pageId} ORDER BY position`;
    requireEqual(
      page.components.map(({ id, status }) => ({ id, status })),
      components.map(({ id, status }) => ({ id, status: status ?? 'up' })),
      'a page shows how its monitors are',
    );
    requireEqual(
      edge.componentsOf(page).map(({ id, status }) => ({ id, status })),
      components.map(({ id, monitorId }) => ({ id, status: statusOf(shard, monitorId) })),
      'what shards tell a page directly and what the core tells it come to the same: the last verdict',
    );
    const incidents = await ctx.sql<{ id: string; status: string; updates: number }[]>`
      SELECT id, public_status AS status,
             (SELECT count(*)::int FROM incident_timeline t WHERE t.incident_id = i.id AND kind = 'update') AS updates
      FROM incidents i WHERE monitor_id = ANY(${components.flatMap(({ monitorId }) => monitorId ?? [])})
        OR EXISTS (
          SELECT 1 FROM incident_timeline t WHERE t.incident_id = i.id AND kind = 'published'
            AND data @> ${ctx.sql.json({ pages: [{ pageId: page.pageId }] })})
      ORDER BY id`;
    requireEqual(
      page.incidents.map(({ id, status, updates }) => ({ id, status, updates: updates.length })).sort(byId),
      incidents.map((row) => ({ ...row })),
      'a page shows the incidents of its monitors, and those that deleted ones left on it',
    );
  }
}

function statusOf({ watches }: SimulatedShard, monitorId: string | null): string {
  return watches.get(monitorId ?? '')?.state.status ?? 'up';
}

/** Pages that were rendered again show the sums of the verdicts. */
export async function requireFigures({ ctx, edge, time }: Simulation): Promise<void> {
  const verdicts = await readVerdicts(ctx.sql);
  for (const page of edge.pages.values()) {
    const components = await ctx.sql<{ monitorId: string | null }[]>`
      SELECT monitor_id AS "monitorId" FROM page_components WHERE page_id = ${page.pageId} ORDER BY position`;
    requireEqual(
      page.components.map((component) => component.uptimePercent),
      components.map(({ monitorId }) => uptimeOf(verdicts.get(monitorId ?? '') ?? [], time.nowMs)),
      'a page shows how its monitors were',
    );
  }
}

/** The uptime in the API is the time for which the monitor's verdicts stood, counted here verdict by verdict. */
export async function requireUptimes({ ctx, ledger, time }: Simulation): Promise<void> {
  const verdicts = await readVerdicts(ctx.sql);
  const atTheEnd = { ...ctx, clock: { ...ctx.clock, now: () => new Date(time.nowMs) } };
  for (const monitorId of ledger.monitors.keys()) {
    for (const window of ['24h', '7d'] as const) {
      const told = await readUptime(atTheEnd, monitorId, window);
      const between = (from: number, to: number) => verdictTime(verdicts.get(monitorId) ?? [], from, to);
      const tally = between(Date.parse(told.from), time.nowMs);
      requireEqual(
        [told.uptimePercent, told.upRounds, told.downRounds, told.unknownRounds],
        [uptimePercent(tally), tally.up, tally.down, tally.unknown],
        `the uptime of ${monitorId} over ${window} is what its verdicts add up to`,
      );
      requireThat(
        Math.abs(told.upSeconds - tally.upSeconds) <= 1 && Math.abs(told.downSeconds - tally.downSeconds) <= 1,
        `the seconds of ${monitorId} over ${window} are those of its verdicts`,
        { told, tally },
      );
      for (const day of told.days) {
        const fromMs = Math.max(Date.parse(told.from), Date.parse(`${day.date}T00:00:00.000Z`));
        const untilMs = Math.min(time.nowMs, Date.parse(`${day.date}T00:00:00.000Z`) + DAY_MS);
        requireEqual(day.uptimePercent, uptimePercent(between(fromMs, untilMs)), `${monitorId} on ${day.date}`);
      }
    }
  }
}

function bySlug(one: { slug: string }, other: { slug: string }): number {
  return one.slug < other.slug ? -1 : 1;
}

function byId(one: { id: string }, other: { id: string }): number {
  return one.id < other.id ? -1 : 1;
}
