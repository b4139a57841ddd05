import { enqueueTest } from '#core/notify/enqueue.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findChannel } from './stored.ts';

/** Puts a test notification into the outbox; the answer has the id of its delivery. */
export async function sendTest(ctx: RequestContext, id: string): Promise<{ deliveryId: string }> {
  authorize(ctx, 'write');
  return inUnit(ctx, async (ctx) => {
    await findChannel(ctx, id);
    const deliveryId = await enqueueTest(ctx, id, ctx.traceId);
    await recordAudit(ctx, { action: 'channel.test', targetType: 'channel', targetId: id, after: { deliveryId } });
    return { deliveryId };
  });
}
