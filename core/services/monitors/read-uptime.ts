import { readUptime } from '#core/aggregate/read.ts';
import type { Uptime, UptimeWindow } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { findMonitor } from './stored.ts';

export async function readMonitorUptime(ctx: RequestContext, id: string, window: UptimeWindow): Promise<Uptime> {
  authorize(ctx, 'read');
  await findMonitor(ctx, id);
  return readUptime(ctx, id, window);
}
