import { and, desc, inArray, sql } from 'drizzle-orm';
import { readUptime24h } from '#core/aggregate/read.ts';
import type { CoreContext } from '#core/context.ts';
import type { Reader } from '#core/unit-of-work.ts';
import { incidents, locationStatus, type monitorStatus } from '#db/schema.ts';
import type { Monitor, Uptime } from '#domain/api/monitor.ts';
import { shownAuthSchema } from '#domain/api/monitor-answers.ts';
import type { LocationId } from '#domain/check/location.ts';
import { isFailure, OUTCOMES, reasonSchema } from '#domain/check/result.ts';
import { MONITOR_STATUSES } from '#domain/check/status.ts';
import { type MonitorRow, type PlacelessMonitor, readMonitor } from './stored.ts';

type ShownStatus = Pick<typeof monitorStatus.$inferSelect, 'status' | 'since' | 'lastCheckAt'>;
export type MonitorWithStatus = { monitor: MonitorRow; status: typeof monitorStatus.$inferSelect | null };
type LocationRow = typeof locationStatus.$inferSelect;

/** A monitor that is being created. No rows about it exist yet, so none are read. */
export function presentNewMonitor(ctx: Pick<CoreContext, 'secrets' | 'logger'>, monitor: PlacelessMonitor): Monitor {
  const status = { status: 'pending', since: monitor.createdAt, lastCheckAt: null } as const;
  return presentMonitor(ctx, { monitor, status }, { locations: [], openIncidentId: null, uptime24h: null });
}

/** Monitors in the form of answers: three statements for any number of monitors. */
export async function presentMonitors(ctx: Reader, rows: readonly MonitorWithStatus[]): Promise<Monitor[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.monitor.id);
  const [locations, openIncidents, uptimes] = await Promise.all([
    ctx.db.select().from(locationStatus).where(inArray(locationStatus.monitorId, ids)),
    ctx.db
      .select({ id: incidents.id, monitorId: incidents.monitorId })
      .from(incidents)
      // Written literally, as in the condition of the partial index on open incidents.
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
  facts: { locations: readonly LocationRow[]; openIncidentId: string | null; uptime24h: Uptime | null },
): Monitor {
  const { monitor: stored, problem } = readMonitor(ctx, monitor);
  const { auth, ...config } = stored.config;
  if (problem !== undefined) ctx.logger.error({ monitorId: monitor.id, ...problem }, 'a stored monitor cannot be read');
  return {
    ...stored,
    confirm: { quorum: monitor.quorum },
    // Without the password or token, which the schema of answers does not have.
    config: { ...config, ...(auth === undefined ? {} : { auth: shownAuthSchema.parse(auth) }) },
    id: monitor.id,
    locations: stored.locations.map((id) =>
      presentLocation(
        id,
        facts.locations.find((row) => row.location === id),
      ),
    ),
    ...shownStatus(monitor, status),
    lastCheckAt: status?.lastCheckAt?.toISOString() ?? null,
    uptime24h: facts.uptime24h?.uptimePercent ?? null,
    uptime24hSince: facts.uptime24h?.since ?? null,
    openIncidentId: facts.openIncidentId,
    createdAt: monitor.createdAt.toISOString(),
    updatedAt: monitor.updatedAt.toISOString(),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** A pause or resume is shown at once; the edge's own status follows a moment later. */
function shownStatus(monitor: PlacelessMonitor, status: ShownStatus | null): Pick<Monitor, 'status' | 'statusSince'> {
  // A status that only another version knows is not known here.
  const said = status === null ? 'pending' : (MONITOR_STATUSES.find((known) => known === status.status) ?? 'unknown');
  const shown = monitor.enabled ? (said === 'paused' ? 'pending' : said) : 'paused';
  const since = shown === said ? (status?.since ?? null) : monitor.updatedAt;
  return { status: shown, statusSince: since?.toISOString() ?? null };
}

function presentLocation(id: LocationId, row: LocationRow | undefined): Monitor['locations'][number] {
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
    reason: reasonSchema.nullable().catch(null).parse(row.reason),
    detail: row.detail,
  };
}
