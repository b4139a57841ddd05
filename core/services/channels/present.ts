import { desc, eq, inArray } from 'drizzle-orm';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { Reader } from '#core/unit-of-work.ts';
import { channels, notifications } from '#db/schema.ts';
import { type Channel, DELIVERY_STATUSES, DISABLED_REASONS } from '#domain/api/alerting.ts';
import { HIDDEN, shownUrl } from './shown-url.ts';
import { type ChannelRow, readChannel } from './stored.ts';

/** Channels in the form of answers, with the last delivery of each, in a fixed number of statements. */
export async function presentChannels(ctx: Reader, rows: readonly ChannelRow[]): Promise<Channel[]> {
  if (rows.length === 0) return [];
  const newest = ctx.db
    .select()
    .from(notifications)
    .where(eq(notifications.channelId, channels.id))
    // Ordered by channel first, as the index is; otherwise a quiet channel would be searched in all notifications.
    .orderBy(desc(notifications.channelId), desc(notifications.id))
    .limit(1)
    .as('newest');
  // One index look-up per channel. DISTINCT ON over all channels would read every notification.
  const last = await ctx.db
    .select({
      channelId: newest.channelId,
      status: newest.status,
      createdAt: newest.createdAt,
      deliveredAt: newest.deliveredAt,
    })
    .from(channels)
    .crossJoinLateral(newest)
    .where(
      inArray(
        channels.id,
        rows.map((row) => row.id),
      ),
    );
  return rows.map((row) => {
    const delivery = last.find((found) => found.channelId === row.id);
    const status = DELIVERY_STATUSES.find((known) => known === delivery?.status);
    const at = delivery?.deliveredAt ?? delivery?.createdAt;
    const shown = status === undefined || at === undefined ? null : { status, at: at.toISOString() };
    return presentChannel(ctx, row, shown);
  });
}

export async function presentOne(ctx: Reader, row: ChannelRow): Promise<Channel> {
  const [shown] = await presentChannels(ctx, [row]);
  if (shown === undefined) throw new ProblemError('internal');
  return shown;
}

function presentChannel(
  ctx: Pick<CoreContext, 'secrets'>,
  row: ChannelRow,
  lastDelivery: Channel['lastDelivery'],
): Channel {
  const { channel, problem } = readChannel(ctx, row);
  const { config, ...stored } = channel;
  const headers = Object.fromEntries(Object.keys(config.headers).map((name) => [name, HIDDEN]));
  return {
    ...stored,
    id: row.id,
    config: { url: shownUrl(config.url), headers },
    disabledAt: row.enabled ? null : (row.disabledAt?.toISOString() ?? null),
    disabledReason: row.enabled ? null : (DISABLED_REASONS.find((known) => known === row.disabledReason) ?? null),
    failingSince: row.failingSince?.toISOString() ?? null,
    lastError: row.lastError,
    lastStatusCode: row.lastStatusCode,
    lastDelivery,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(problem === undefined ? {} : { problem }),
  };
}
