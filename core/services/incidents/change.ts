import { changeIncident as applyChange } from '#core/incidents/change.ts';
import { presentIncident } from '#core/incidents/present.ts';
import { inUnit } from '#core/unit-of-work.ts';
import type { Incident } from '#domain/api/alerting.ts';
import type { IncidentChange } from '#domain/incident/incident.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findIncident } from './find.ts';

/**
 * Changes an incident for a caller. Acknowledge, resolve, re-open, note and public update have separate routes and
 * share this function.
 */
export async function changeIncident(ctx: RequestContext, id: string, change: IncidentChange): Promise<Incident> {
  authorize(ctx, 'write');
  return inUnit(ctx, async (ctx) => {
    const { incident, monitorName } = await findIncident(ctx, id);
    const after = await applyChange(ctx, id, change, ctx.caller.actor);
    await recordAudit(ctx, {
      action: `incident.${change.type}`,
      targetType: 'incident',
      targetId: id,
      before: presentIncident(incident, monitorName),
      after,
    });
    return after;
  });
}
