import { asc, eq } from 'drizzle-orm';
import { presentIncident } from '#core/incidents/present.ts';
import { publishedPages } from '#core/incidents/published-pages.ts';
import { incidentTimeline } from '#db/schema.ts';
import { type IncidentDetail, timelineEntrySchema } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext, RequestReader } from '../request-context.ts';
import { findIncident } from './find.ts';

/** An incident with its whole timeline, oldest entry first. */
export async function getIncident(ctx: RequestContext, id: string): Promise<IncidentDetail> {
  authorize(ctx, 'read');
  return readDetail(ctx, id);
}

/** The answer as the database has it, also inside a unit of work. */
export async function readDetail(ctx: RequestReader, id: string): Promise<IncidentDetail> {
  const { incident, monitorName } = await findIncident(ctx, id);
  const entries = await ctx.db
    .select()
    .from(incidentTimeline)
    .where(eq(incidentTimeline.incidentId, id))
    .orderBy(asc(incidentTimeline.at), asc(incidentTimeline.id));
  const timeline = entries.map((entry) =>
    timelineEntrySchema.parse({
      id: entry.id,
      kind: entry.kind,
      at: entry.at.toISOString(),
      actor: { type: entry.actorType, id: entry.actorId, name: entry.actorName },
      text: entry.text,
      data: entry.data,
    }),
  );
  const pages = incident.monitorId === null ? await publishedPages(ctx.db, id) : [];
  return { ...presentIncident(incident, monitorName), timeline, pages };
}
