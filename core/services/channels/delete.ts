import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { settleUnreached } from '#core/incidents/reach.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { alertRules, channels, notifications } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { presentOne } from './present.ts';
import { findChannel } from './stored.ts';

/** Deletes a channel. Refused while an alert rule names it, because the rule would silently send nothing. */
export async function deleteChannel(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inUnit(ctx, async (ctx) => {
    const row = await findChannel(ctx, id, true);
    const [rule] = await ctx.db
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
    const before = await presentOne(ctx, row);
    const waiting = await ctx.db
      .selectDistinct({ id: notifications.incidentId })
      .from(notifications)
      .where(and(eq(notifications.channelId, id), inArray(notifications.status, ['pending', 'failed'])))
      // Two deletions lock the incidents in the same order and cannot deadlock.
      .orderBy(asc(notifications.incidentId));
    await ctx.db.delete(channels).where(eq(channels.id, id));
    for (const incident of waiting) {
      if (incident.id !== null) await settleUnreached(ctx, incident.id, 'channel_deleted');
    }
    await recordAudit(ctx, { action: 'channel.delete', targetType: 'channel', targetId: id, before });
  });
}
