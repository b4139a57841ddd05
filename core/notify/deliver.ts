import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { channels, notificationAttempts, notifications } from '#db/schema.ts';
import { BLACKTIDE, type CoreContext, type Transaction } from '../context.ts';
import { appendTimeline } from '../incidents/change.ts';
import { type ChannelRow, openSecrets, storedChannel } from '../services/channels/stored.ts';
import { inUnit, type UnitOfWork } from '../unit-of-work.ts';
import { type Attempt, sendWebhook } from './channels/webhook.ts';
import { wakeNotifier } from './enqueue.ts';
import type { LeasedNotification } from './outbox.ts';
import { retryDelayMs } from './retry.ts';

type Permission =
  | { readonly send: true; readonly channel: ChannelRow }
  | { readonly send: false; readonly reason: string };

/**
 * Delivers one notification: checks whether it may be sent, sends it outside any transaction, and records the attempt.
 * Nothing is recorded before sending: after a crash in between it is sent again, with the same webhook-id.
 */
export async function deliver(ctx: CoreContext, notification: LeasedNotification): Promise<void> {
  const permitted = await permission(ctx, notification);
  if (!permitted.send) {
    await drop(ctx, notification, permitted.reason);
    return;
  }
  const startedAt = ctx.clock.now();
  const started = performance.now();
  const attempt = await send(ctx, notification, permitted.channel, startedAt);
  const durationMs = Math.round(performance.now() - started);
  await record(ctx, notification, permitted.channel, attempt, startedAt, durationMs);
  const { id, traceId, type } = notification;
  ctx.metrics.increment('notification_attempts_total', { outcome: attempt.delivered ? 'delivered' : attempt.error });
  ctx.metrics.observe('notification_attempt_seconds', durationMs / 1000);
  ctx.logger.info({ notificationId: id, type, traceId, durationMs, ...attempt }, 'a notification was attempted');
}

/** Whether the notification may be sent, or the reason why not. */
async function permission(ctx: CoreContext, notification: LeasedNotification): Promise<Permission> {
  const [channel] = await ctx.db.select().from(channels).where(eq(channels.id, notification.channelId));
  if (channel === undefined) return { send: false, reason: 'the channel is gone' };
  // A test may be sent through a disabled channel: people test a channel before they enable it.
  if (!channel.enabled && notification.type !== 'test') return { send: false, reason: 'the channel is switched off' };
  return { send: true, channel };
}

async function send(
  ctx: CoreContext,
  notification: LeasedNotification,
  channel: ChannelRow,
  now: Date,
): Promise<Attempt> {
  const { url } = storedChannel(ctx, channel).config;
  const message = {
    id: notification.id,
    body: JSON.stringify(notification.payload),
    url,
    ...openSecrets(ctx, channel),
  };
  return sendWebhook(message, now, { allowPrivateTargets: ctx.config.allowPrivateTargets });
}

async function record(
  ctx: CoreContext,
  notification: LeasedNotification,
  channel: ChannelRow,
  attempt: Attempt,
  at: Date,
  durationMs: number,
): Promise<void> {
  const made = notification.attempts + 1;
  const delayMs = attempt.delivered || attempt.permanent ? null : retryDelayMs(made, ctx.clock.random(4));
  const status = attempt.delivered ? 'delivered' : delayMs === null ? 'dead' : 'failed';
  await inUnit(ctx, async (ctx) => {
    await ctx.db.insert(notificationAttempts).values({
      notificationId: notification.id,
      at,
      durationMs,
      statusCode: attempt.statusCode,
      error: attempt.delivered ? null : attempt.error,
      detail: attempt.delivered ? null : attempt.detail,
    });
    await ctx.db
      .update(notifications)
      .set({ attempts: sql`${notifications.attempts} + 1` })
      .where(eq(notifications.id, notification.id));
    const marked = await mark(ctx.db, notification, attempt.delivered ? undefined : isLeasedBy(notification), {
      status,
      nextAttemptAt: delayMs === null ? null : sql`now() + ${delayMs} * interval '1 millisecond'`,
      deliveredAt: attempt.delivered ? ctx.clock.now() : null,
    });
    if (!marked || status === 'failed') return;
    await tellTimeline(ctx, notification, {
      text: `${status === 'delivered' ? 'Told' : 'Could not tell'} ${channel.name}: ${notification.type}.`,
      data: { channelId: channel.id, status },
    });
    // The next notification of the same incident and channel was waiting for this one.
    await wakeNotifier(ctx.db);
  });
}

/** Marks a notification that may not be sent as dead, with the reason as its last attempt. */
async function drop(ctx: CoreContext, notification: LeasedNotification, reason: string): Promise<void> {
  await inUnit(ctx, async (ctx) => {
    const marked = await mark(ctx.db, notification, isLeasedBy(notification), { status: 'dead', nextAttemptAt: null });
    if (!marked) return;
    await ctx.db.insert(notificationAttempts).values({
      notificationId: notification.id,
      at: ctx.clock.now(),
      durationMs: 0,
      error: 'not_sent',
      detail: reason,
    });
    await tellTimeline(ctx, notification, {
      text: `${notification.type} was not sent: ${reason}.`,
      data: { channelId: notification.channelId, status: 'dead' },
    });
  });
}

/**
 * Records the outcome, unless the notification has ended already. A process that was suspended (a laptop, a virtual
 * machine) may continue after its lease is over and another process has sent. It may still record a delivery, nothing
 * else.
 */
async function mark(
  tx: Transaction,
  { id }: LeasedNotification,
  condition: SQL | undefined,
  values: PgUpdateSetSource<typeof notifications>,
): Promise<boolean> {
  const marked = await tx
    .update(notifications)
    .set({ ...values, leasedUntil: null })
    .where(and(eq(notifications.id, id), inArray(notifications.status, ['pending', 'failed']), condition))
    .returning({ id: notifications.id });
  return marked.length === 1;
}

function isLeasedBy({ leasedUntil }: LeasedNotification): SQL {
  return eq(notifications.leasedUntil, leasedUntil);
}

async function tellTimeline(
  ctx: UnitOfWork,
  notification: LeasedNotification,
  line: { text: string; data: Record<string, string> },
): Promise<void> {
  if (notification.incidentId === null) return;
  const data = { ...line.data, notificationId: notification.id, type: notification.type };
  await appendTimeline(
    ctx,
    notification.incidentId,
    { kind: 'notification', text: line.text, data },
    BLACKTIDE,
    ctx.clock.now(),
  );
}
