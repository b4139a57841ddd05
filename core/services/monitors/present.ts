import { and, desc, inArray, sql } from 'drizzle-orm';
import { readUptime24h } from '#core/aggregate/read.ts';
import type { CoreContext } from '#core/context.ts';
import type { Reader } from '#core/unit-of-work.ts';
import { incidents, locationStatus, type monitorStatus } from '#db/schema.ts';
import { type Monitor, monitorSchema } from '#domain/api/monitor.ts';
import { isFailure, OUTCOMES } from '#domain/check/result.ts';
import { type MonitorRow, type PlacelessMonitor, storedMonitor } from './stored.ts';

type ShownStatus = Pick<typeof monitorStatus.$inferSelect, 'status' | 'since' | 'lastCheckAt'>;
export type MonitorWithStatus = { monitor: MonitorRow; status: typeof monitorStatus.$inferSelect | null };
type LocationRow = typeof locationStatus.$inferSelect;

/** A monitor that is just being made: nothing is known of it, so nothing is read. */
export function presentNewMonitor(ctx: Pick<CoreContext, 'secrets' | 'logger'>, monitor: PlacelessMonitor): Monitor {
  const status = { status: 'pending', since: monitor.createdAt, lastCheckAt: null } as const;
  return presentMonitor(ctx, { monitor, status }, { locations: [], openIncidentId: null, uptime24h: null });
}

/** Monitors as answers show them: three statements for any number of monitors. */
export async function presentMonitors(ctx: Reader, rows: readonly MonitorWithStatus[]): Promise<Monitor[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.monitor.id);
  const [locations, openIncidents, uptimes] = await Promise.all([
    ctx.db.select().from(locationStatus).where(inArray(locationStatus.monitorId, ids)),
    ctx.db
      .select({ id: incidents.id, monitorId: incidents.monitorId })
      .from(incidents)
      // In so many words, as the index of open incidents says it.
      .where(and(inArray(incidents.monitorId, ids), sql`${incidents.status} <> 'resolved'`))
      .orderBy(desc(incidents.id)),
    readUptime24h(ctx, ids),
  ]);
  const locationsOf = Map.groupBy(locations, (row) => row.monitorId);
  const incidentsOf = Map.groupBy(openIncidents, (row) => row.monitorId);
  return rows.map((row) =>
    presentMonitor(ctx, row, {
      locations: locationsOf.get(row.monitor.id) ?? [],
      openIncidentId: incidentsOf.get(row.monitor.id)?.[0]?.id ?? null,
      uptime24h: uptimes.get(row.monitor.id) ?? null,
    }),
  );
}

function presentMonitor(
  ctx: Pick<CoreContext, 'secrets' | 'logger'>,
  { monitor, status }: { monitor: PlacelessMonitor; status: ShownStatus | null },
  facts: { locations: readonly LocationRow[]; openIncidentId: string | null; uptime24h: number | null },
): Monitor {
  const stored = storedMonitor(ctx, monitor);
  const answer = {
    ...stored,
    id: monitor.id,
    locations: stored.locations.map((id) =>
      presentLocation(
        id,
        facts.locations.find((row) => row.location === id),
      ),
    ),
    ...shownStatus(monitor, status),
    lastCheckAt: status?.lastCheckAt?.toISOString() ?? null,
    uptime24h: facts.uptime24h,
    openIncidentId: facts.openIncidentId,
    createdAt: monitor.createdAt.toISOString(),
    updatedAt: monitor.updatedAt.toISOString(),
  };
  // The schema of answers knows no password and no token, so parsing drops them.
  const parsed = monitorSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  // Stored before a rule of today's schema: it is shown, for else nobody could put it right, and never its secret.
  ctx.logger.error({ err: parsed.error, monitorId: monitor.id }, 'a stored monitor is not what the schema says');
  const { auth: _, ...config } = stored.config;
  return { ...answer, config } as Monitor;
}

/** Pausing and resuming show at once; the edge, which says so too, is asked a moment later. */
function shownStatus(monitor: PlacelessMonitor, status: ShownStatus | null) {
  const said = status?.status ?? 'pending';
  const shown = monitor.enabled ? (said === 'paused' ? 'pending' : said) : 'paused';
  const since = shown === said ? (status?.since ?? null) : monitor.updatedAt;
  return { status: shown, statusSince: since?.toISOString() ?? null };
}

function presentLocation(id: string, row: LocationRow | undefined) {
  if (row === undefined) {
    return { id, status: 'pending', lastCheckAt: null, responseTimeMs: null, colo: null, reason: null, detail: null };
  }
  const outcome = OUTCOMES.find((known) => known === row.outcome) ?? 'error';
  return {
    id,
    status: outcome === 'success' ? 'up' : isFailure(outcome) ? 'down' : 'unknown',
    lastCheckAt: row.lastCheckAt?.toISOString() ?? null,
    responseTimeMs: row.responseTimeMs,
    colo: row.colo,
    reason: row.reason,
    detail: row.detail,
  };
}
