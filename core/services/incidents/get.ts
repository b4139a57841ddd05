import { asc, eq } from 'drizzle-orm';
import { presentIncident } from '#core/incidents/present.ts';
import { publishedPages } from '#core/incidents/published-pages.ts';
import { incidentTimeline } from '#db/schema.ts';
import { type IncidentDetail, type TimelineEntry, timelineEntrySchema } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import { readTolerantly } from '../read-tolerantly.ts';
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
  const pages = incident.monitorId === null ? await publishedPages(ctx.db, id) : [];
  return { ...presentIncident(incident, monitorName), timeline: entries.map(presentEntry), pages };
}

function presentEntry(row: typeof incidentTimeline.$inferSelect): TimelineEntry {
  const { kind, actor, data } = timelineEntrySchema.shape;
  const { value, problem } = readTolerantly((part) => ({
    kind: part('kind', 'kind_unknown', () => kind.parse(row.kind), 'note' as const),
    actor: {
      type: part('actor.type', 'kind_unknown', () => actor.shape.type.parse(row.actorType), 'system' as const),
      id: row.actorId,
      name: row.actorName,
    },
    data: part('data', 'value_unreadable', () => data.parse(row.data), {}),
  }));
  const shown = { id: row.id, at: row.at.toISOString(), text: row.text, ...value };
  return problem === undefined ? shown : { ...shown, problem };
}
