import { eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { monitorStatus } from '#db/schema.ts';
import type { Monitor } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import type { RequestContext, RequestReader } from '../request-context.ts';
import { presentMonitors } from './present.ts';
import { findMonitor, type MonitorRow } from './stored.ts';

export async function getMonitor(ctx: RequestContext, id: string): Promise<Revised<Monitor>> {
  authorize(ctx, 'read');
  return answerOf(ctx, await findMonitor(ctx, id));
}

/** The answer for a row that was just read or written, with its status read through `db`. */
export async function answerOf(ctx: RequestReader, monitor: MonitorRow): Promise<Revised<Monitor>> {
  const [status] = await ctx.db.select().from(monitorStatus).where(eq(monitorStatus.monitorId, monitor.id));
  const [shown] = await presentMonitors(ctx, [{ monitor, status: status ?? null }]);
  if (shown === undefined) throw new ProblemError('internal');
  return { object: shown, revision: monitor.revision };
}
