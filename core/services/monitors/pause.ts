import type { Monitor } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import { inTransaction } from '../in-transaction.ts';
import type { RequestContext } from '../request-context.ts';
import { changeMonitor } from './update.ts';

/** Checks stop; an incident that is open resolves, because nobody looks any more. */
export async function pauseMonitor(ctx: RequestContext, id: string): Promise<Revised<Monitor>> {
  authorize(ctx, 'write');
  return inTransaction(ctx, (tx) => changeMonitor(tx, ctx, id, { action: 'monitor.pause', patch: { enabled: false } }));
}
