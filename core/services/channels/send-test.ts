import { enqueueTest } from '#core/notify/enqueue.ts';
import { authorize } from '../authorize.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findChannel } from './stored.ts';

/** Puts a test notification on the road of all others; the answer names the delivery to look at. */
export async function sendTest(ctx: RequestContext, id: string): Promise<{ deliveryId: string }> {
  authorize(ctx, 'write');
  return inTransaction(ctx, async (tx) => {
    await findChannel(tx, ctx, id);
    const deliveryId = await enqueueTest(tx, ctx, id, ctx.traceId);
    await recordAudit(tx, ctx, { action: 'channel.test', targetType: 'channel', targetId: id, after: { deliveryId } });
    return { deliveryId };
  });
}
