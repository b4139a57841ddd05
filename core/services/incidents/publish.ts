import { inArray } from 'drizzle-orm';
import type { z } from 'zod';
import { publishIncident as publish } from '#core/incidents/publish.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { readComponents } from '#core/services/status-pages/stored.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { statusPages } from '#db/schema.ts';
import type { IncidentDetail, incidentPagesSchema, PublishedPage } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext, RequestUnit } from '../request-context.ts';
import { invalid } from '../validated.ts';
import { findIncident } from './find.ts';
import { readDetail } from './get.ts';

/** Replaces the status pages that show an incident without a monitor. */
export async function publishIncident(
  ctx: RequestContext,
  id: string,
  { pages }: z.output<typeof incidentPagesSchema>,
): Promise<IncidentDetail> {
  authorize(ctx, 'write');
  return inUnit(ctx, async (ctx) => {
    const { incident } = await findIncident(ctx, id, true);
    if (incident.monitorId !== null) {
      throw new ProblemError(
        'conflict',
        'The incident has a monitor: it is shown on the status pages with that monitor.',
      );
    }
    const before = await readDetail(ctx, id);
    await publish(ctx, incident, pages, await publicationText(ctx, pages), ctx.caller.actor);
    const after = await readDetail(ctx, id);
    await recordAudit(ctx, {
      action: 'incident.publish',
      targetType: 'incident',
      targetId: id,
      before: { pages: before.pages },
      after: { pages: after.pages },
    });
    return after;
  });
}

/**
 * "Published on Acme (API, Website) and Internal." Throws validation_failed when a page is not the organisation's own,
 * stands there twice, or lacks a component.
 */
export async function publicationText(ctx: RequestUnit, pages: readonly PublishedPage[]): Promise<string> {
  if (pages.length === 0) return 'Taken off all status pages.';
  const ids = pages.map(({ pageId }) => pageId);
  const rows = await ctx.db.select().from(statusPages).where(inArray(statusPages.id, ids));
  const own = rows.filter((row) => row.organizationId === ctx.caller.organizationId);
  const components = await readComponents(
    ctx.db,
    own.map((row) => row.id),
  );
  const names = pages.map(({ pageId, componentIds }, index) => {
    const page = own.find((row) => row.id === pageId);
    if (page === undefined) throw invalid(`pages.${index}.pageId`, 'there is no such status page');
    if (ids.indexOf(pageId) !== index) throw invalid(`pages.${index}.pageId`, 'stands here twice');
    const about = componentIds.map((componentId, position) => {
      const component = components.find((row) => row.id === componentId && row.pageId === pageId);
      const path = `pages.${index}.componentIds.${position}`;
      if (component === undefined) throw invalid(path, 'the page has no such component');
      return component.name;
    });
    return about.length === 0 ? page.name : `${page.name} (${about.join(', ')})`;
  });
  return `Published on ${listed(names)}.`;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
