import { readUptime, readUptime24h } from '#core/aggregate/read.ts';
import type { Uptime, UptimeWindow } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { findMonitor } from './stored.ts';

/** The 24 hours are the same figure as in lists. */
export async function readMonitorUptime(ctx: RequestContext, id: string, window: UptimeWindow): Promise<Uptime> {
  authorize(ctx, 'read');
  await findMonitor(ctx, id);
  const shared = window === '24h' ? (await readUptime24h(ctx, [id])).get(id) : undefined;
  return shared ?? readUptime(ctx, id, window);
}
