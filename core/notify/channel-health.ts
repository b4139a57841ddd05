import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { channels } from '#db/schema.ts';
import { BLACKTIDE } from '../context.ts';
import { presentOne } from '../services/channels/present.ts';
import type { ChannelRow } from '../services/channels/stored.ts';
import { recordAudit } from '../services/record-audit.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Attempt } from './attempt.ts';
import type { LeasedNotification } from './outbox.ts';

/** Notes on the channel since when it fails, and with what; a delivery ends that. */
export async function noteHealth(ctx: UnitOfWork, channel: ChannelRow, attempt: Attempt, at: Date): Promise<void> {
  if (attempt.delivered) {
    await ctx.db
      .update(channels)
      .set({ failingSince: null, lastError: null, lastStatusCode: null })
      .where(and(eq(channels.id, channel.id), isNotNull(channels.failingSince)));
    return;
  }
  await ctx.db
    .update(channels)
    .set({
      failingSince: sql`coalesce(${channels.failingSince}, ${at.toISOString()})`,
      lastError: attempt.error,
      lastStatusCode: attempt.statusCode,
    })
    .where(isAsAttempted(channel));
}

/**
 * Switches a channel off whose endpoint is gone; false when it was off already, or was changed since the attempt began:
 * the new address has not answered yet.
 */
export async function switchOff(
  ctx: UnitOfWork,
  channel: ChannelRow,
  { traceId }: Pick<LeasedNotification, 'traceId'>,
  at: Date,
): Promise<boolean> {
  const [row] = await ctx.db
    .update(channels)
    .set({
      enabled: false,
      disabledAt: at,
      disabledReason: 'gone',
      revision: sql`${channels.revision} + 1`,
      updatedAt: ctx.clock.now(),
    })
    .where(and(isAsAttempted(channel), eq(channels.enabled, true)))
    .returning();
  if (row === undefined) return false;
  const caller = { organizationId: row.organizationId, actor: BLACKTIDE };
  await recordAudit(
    { ...ctx, caller, traceId, ip: '' },
    {
      action: 'channel.disable',
      targetType: 'channel',
      targetId: row.id,
      before: await presentOne(ctx, channel),
      after: await presentOne(ctx, row),
    },
  );
  return true;
}

function isAsAttempted({ id, revision }: ChannelRow) {
  return and(eq(channels.id, id), eq(channels.revision, revision));
}
