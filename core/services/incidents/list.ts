import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { presentIncident } from '#core/incidents/present.ts';
import { incidents, monitors } from '#db/schema.ts';
import type { Incident, incidentListQuerySchema } from '#domain/api/alerting.ts';
import type { List } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import type { RequestContext } from '../request-context.ts';

type Query = z.output<typeof incidentListQuerySchema>;

/** Newest first. */
export async function listIncidents(ctx: RequestContext, query: Query): Promise<List<Incident>> {
  authorize(ctx, 'read');
  const { status, severity, monitorId } = query;
  const rows = await ctx.db
    .select({ incident: incidents, monitorName: monitors.name })
    .from(incidents)
    .leftJoin(monitors, eq(monitors.id, incidents.monitorId))
    .where(
      and(
        eq(incidents.organizationId, ctx.caller.organizationId),
        status === undefined ? undefined : eq(incidents.status, status),
        severity === undefined ? undefined : eq(incidents.severity, severity),
        monitorId === undefined ? undefined : eq(incidents.monitorId, monitorId),
        afterCursor(incidents.id, 'inc', query.cursor),
      ),
    )
    .orderBy(desc(incidents.id))
    .limit(query.limit + 1);
  const present = (row: (typeof rows)[number]) => presentIncident(row.incident, row.monitorName);
  return pageOf(rows, query.limit, (row) => [row.incident.id], present);
}
