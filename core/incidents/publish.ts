import { eq } from 'drizzle-orm';
import { incidents } from '#db/schema.ts';
import type { PublishedPage } from '#domain/api/alerting.ts';
import type { Actor } from '../context.ts';
import { requestPages } from '../publish/request.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { announceIncident } from './announce.ts';
import { appendTimeline } from './append-timeline.ts';
import { publishedPages } from './published-pages.ts';

/**
 * Publishes an incident on these pages and takes it off all others. `text` says so in the timeline. For incidents
 * without a monitor: those of a monitor stand on the pages with its components.
 */
export async function publishIncident(
  ctx: UnitOfWork,
  incident: { readonly id: string; readonly organizationId: string },
  pages: readonly PublishedPage[],
  text: string,
  actor: Actor,
): Promise<void> {
  const before = await publishedPages(ctx.db, incident.id);
  const now = ctx.clock.now();
  await appendTimeline(ctx, incident.id, { kind: 'published', text, data: {} }, actor, now, { pages });
  await ctx.db.update(incidents).set({ updatedAt: now }).where(eq(incidents.id, incident.id));
  await requestPages(
    ctx.db,
    [...before, ...pages].map(({ pageId }) => pageId),
  );
  await announceIncident(ctx.db, incident.organizationId, incident.id);
}
