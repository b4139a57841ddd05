import { and, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { openIncident } from '#core/incidents/change.ts';
import { publishIncident } from '#core/incidents/publish.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { monitors } from '#db/schema.ts';
import type { Incident, incidentCreateSchema } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { invalid } from '../validated.ts';
import { publicationText } from './publish.ts';

/** Opens an incident that a person has noticed. */
export async function createIncident(
  ctx: RequestContext,
  input: z.output<typeof incidentCreateSchema>,
): Promise<Incident> {
  authorize(ctx, 'write');
  const { organizationId, actor } = ctx.caller;
  const monitorId = input.monitorId ?? null;
  return inUnit(ctx, async (ctx) => {
    if (monitorId !== null) {
      const [monitor] = await ctx.db
        .select({ id: monitors.id })
        .from(monitors)
        .where(and(eq(monitors.id, monitorId), eq(monitors.organizationId, organizationId)));
      if (monitor === undefined) throw invalid('monitorId', 'there is no such monitor');
    }
    const { title, severity, summary, pages = [] } = input;
    if (monitorId !== null && pages.length > 0) {
      throw invalid('pages', 'an incident with a monitor is shown on the status pages with that monitor');
    }
    const incident = await openIncident(
      ctx,
      { organizationId, title, summary, severity, monitorId, traceId: ctx.traceId },
      actor,
    );
    if (pages.length > 0) {
      const text = await publicationText(ctx, pages);
      await publishIncident(ctx, { id: incident.id, organizationId }, pages, text, actor);
    }
    await recordAudit(ctx, {
      action: 'incident.create',
      targetType: 'incident',
      targetId: incident.id,
      after: { ...incident, pages },
    });
    return incident;
  });
}
