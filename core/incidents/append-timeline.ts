import { incidentTimeline } from '#db/schema.ts';
import { newId } from '#domain/base/id.ts';
import type { TimelineEntryDraft } from '#domain/incident/incident.ts';
import type { Actor } from '../context.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Appends one line to the incident's story. */
export async function appendTimeline(
  ctx: UnitOfWork,
  incidentId: string,
  entry: TimelineEntryDraft,
  actor: Actor,
  at: Date,
  data: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await ctx.db.insert(incidentTimeline).values({
    id: newId('evt', at.getTime(), ctx.clock.random(10)),
    incidentId,
    kind: entry.kind,
    at,
    actorType: actor.type,
    actorId: actor.id,
    actorName: actor.name,
    text: entry.text,
    data: { ...entry.data, ...data },
  });
}
