import { and, eq, sql } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { alertRules, channels } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { presentOne } from './present.ts';
import { findChannel } from './stored.ts';

/** Refused while an alert rule names the channel: the rule would go silent without anyone noticing. */
export async function deleteChannel(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inTransaction(ctx, async (tx) => {
    const row = await findChannel(tx, ctx, id, true);
    const [rule] = await tx
      .select({ name: alertRules.name })
      .from(alertRules)
      .where(
        and(
          eq(alertRules.organizationId, ctx.caller.organizationId),
          sql`${alertRules.channelIds} @> ${JSON.stringify([id])}::jsonb`,
        ),
      )
      .limit(1);
    if (rule !== undefined) {
      throw new ProblemError('conflict', `The alert rule "${rule.name}" tells this channel; change the rule first.`);
    }
    const before = await presentOne(ctx, tx, row);
    await tx.delete(channels).where(eq(channels.id, id));
    await recordAudit(tx, ctx, { action: 'channel.delete', targetType: 'channel', targetId: id, before });
  });
}
