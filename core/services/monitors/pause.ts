import { authorize } from '../authorize.ts';
import { inTransaction } from '../in-transaction.ts';
import type { RequestContext } from '../request-context.ts';
import type { MonitorAnswer } from './get.ts';
import { changeMonitor } from './update.ts';

/** Checks stop; an incident that is open resolves, because nobody looks any more. */
export async function pauseMonitor(ctx: RequestContext, id: string): Promise<MonitorAnswer> {
  authorize(ctx, 'write');
  return inTransaction(ctx, (tx) => changeMonitor(tx, ctx, id, { action: 'monitor.pause', patch: { enabled: false } }));
}
