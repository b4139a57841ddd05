import { and, eq } from 'drizzle-orm';
import type { IncidentRow } from '#core/incidents/present.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { incidents, monitors } from '#db/schema.ts';
import type { RequestReader } from '../request-context.ts';

/** An incident of the caller's organisation with its monitor's name; throws not_found. `lock` locks its row. */
export async function findIncident(
  ctx: RequestReader,
  id: string,
  lock = false,
): Promise<{ incident: IncidentRow; monitorName: string | null }> {
  const query = ctx.db
    .select({ incident: incidents, monitorName: monitors.name })
    .from(incidents)
    .leftJoin(monitors, eq(monitors.id, incidents.monitorId))
    .where(and(eq(incidents.id, id), eq(incidents.organizationId, ctx.caller.organizationId)));
  const [row] = lock ? await query.for('update', { of: incidents }) : await query;
  if (row === undefined) throw new ProblemError('not_found');
  return row;
}
