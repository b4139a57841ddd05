import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { channels, notificationAttempts, notifications } from '#db/schema.ts';
import { MESSAGE_WORDS } from '#domain/incident/incident-words.ts';
import { BLACKTIDE, type CoreContext, type Transaction } from '../context.ts';
import { announceIncident } from '../incidents/announce.ts';
import { appendTimeline } from '../incidents/append-timeline.ts';
import { markReached, settleUnreached } from '../incidents/reach.ts';
import type { ChannelRow } from '../services/channels/stored.ts';
import { inUnit, type UnitOfWork } from '../unit-of-work.ts';
import { type Attempt, type FailedAttempt, failedAttempt, failureWords } from './attempt.ts';
import { noteHealth, switchOff } from './channel-health.ts';
import { sendWebhook } from './channels/webhook.ts';
import { wakeNotifier } from './enqueue.ts';
import type { LeasedNotification } from './outbox.ts';
import { prepare } from './prepare.ts';
import { retryDelayMs } from './retry.ts';

type Permission =
  | { readonly send: true; readonly channel: ChannelRow }
  | { readonly send: false; readonly reason: string };

/** One attempt as it was made. */
interface Made {
  readonly attempt: Attempt;
  readonly at: Date;
  readonly durationMs: number;
}

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
  const at = ctx.clock.now();
  const started = performance.now();
  const attempt = await send(ctx, notification, permitted.channel, at);
  const durationMs = Math.round(performance.now() - started);
  await record(ctx, notification, permitted.channel, { attempt, at, durationMs });
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

/** Never throws: a fault on the way to the endpoint is an attempt that failed, or it would be repeated for ever. */
async function send(
  ctx: CoreContext,
  notification: LeasedNotification,
  channel: ChannelRow,
  now: Date,
): Promise<Attempt> {
  try {
    const prepared = prepare(ctx, notification, channel);
    if (!prepared.ready) return prepared.failure;
    return await sendWebhook(prepared.message, now, { allowPrivateTargets: ctx.config.allowPrivateTargets });
  } catch (error) {
    ctx.logger.error(
      { err: error, notificationId: notification.id },
      'a notification could not be sent: a fault of ours',
    );
    return failedAttempt('internal', 'BlackTide itself failed; its log says more');
  }
}

/**
 * Writes the attempt down with all that follows from it. The channel's row is written first, as by those who change or
 * delete a channel, so that the two wait for each other instead of deadlocking.
 */
async function record(
  ctx: CoreContext,
  notification: LeasedNotification,
  channel: ChannelRow,
  made: Made,
): Promise<void> {
  const { attempt, at, durationMs } = made;
  await inUnit(ctx, async (ctx) => {
    await noteHealth(ctx, channel, attempt, at);
    const switchedOff = !attempt.delivered && attempt.gone && (await switchOff(ctx, channel, notification, at));
    const count = await countAttempt(ctx.db, notification.id);
    // The channel was deleted meanwhile, and its notifications with it.
    if (count === null) return;
    await ctx.db.insert(notificationAttempts).values({
      notificationId: notification.id,
      at,
      durationMs,
      statusCode: attempt.statusCode,
      error: attempt.delivered ? null : attempt.error,
      detail: attempt.delivered ? null : switchedOff ? SWITCHED_OFF : attempt.detail,
    });
    if (attempt.delivered) await tellDelivery(ctx, notification, channel);
    else await tellFailure(ctx, notification, channel, { ...attempt, count, switchedOff });
  });
}

const SWITCHED_OFF = '410 Gone: the endpoint wants no more messages, so the channel was switched off';

async function countAttempt(tx: Transaction, id: string): Promise<number | null> {
  const [row] = await tx
    .update(notifications)
    .set({ attempts: sql`${notifications.attempts} + 1` })
    .where(eq(notifications.id, id))
    .returning({ attempts: notifications.attempts });
  return row?.attempts ?? null;
}

async function tellDelivery(ctx: UnitOfWork, notification: LeasedNotification, channel: ChannelRow): Promise<void> {
  if (notification.incidentId !== null) await markReached(ctx, notification.incidentId);
  const delivered = { status: 'delivered', nextAttemptAt: null, deliveredAt: ctx.clock.now() } as const;
  if (!(await mark(ctx.db, notification, undefined, delivered))) return;
  await tellTimeline(ctx, notification, {
    text: `Told ${channel.name} ${messageWords(notification)}.`,
    data: { channelId: channel.id, status: 'delivered' },
  });
  // The next notification of the same incident and channel was waiting for this one to end.
  await wakeNotifier(ctx.db);
}

/** The first failure of a message stands in the incident's timeline, and its end; the attempts between do not. */
async function tellFailure(
  ctx: UnitOfWork,
  notification: LeasedNotification,
  channel: ChannelRow,
  failure: FailedAttempt & { readonly count: number; readonly switchedOff: boolean },
): Promise<void> {
  const { permanent, retryAfterMs, count, switchedOff, error, statusCode } = failure;
  const delayMs = permanent ? null : retryDelayMs(notification.attempts + 1, ctx.clock.random(4), retryAfterMs);
  const status = delayMs === null ? 'dead' : 'failed';
  const nextAttemptAt = delayMs === null ? null : sql`now() + ${delayMs} * interval '1 millisecond'`;
  const marked = await mark(ctx.db, notification, isLeasedBy(notification), { status, nextAttemptAt });
  const what = `${channel.name} ${messageWords(notification)}`;
  const why = switchedOff ? 'it answered 410 Gone and was switched off' : failureWords(failure);
  const data = { channelId: channel.id, status, error, ...(statusCode === null ? {} : { statusCode }) };
  if (status === 'failed') {
    // Also without the lease: no other process has counted an attempt, so none has told of the first failure.
    if (count === 1) await tellTimeline(ctx, notification, { text: `Could not yet tell ${what}: ${why}.`, data });
    return;
  }
  if (!marked) return;
  await tellTimeline(ctx, notification, { text: `Could not tell ${what}: ${why}.`, data });
  if (notification.incidentId !== null) await settleUnreached(ctx, notification.incidentId, 'all_failed');
  await wakeNotifier(ctx.db);
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
      text: `Nobody was told there ${messageWords(notification)}: ${reason}.`,
      data: { channelId: notification.channelId, status: 'dead', error: 'not_sent' },
    });
    if (notification.incidentId !== null) await settleUnreached(ctx, notification.incidentId, 'channels_disabled');
    await wakeNotifier(ctx.db);
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

function messageWords({ type }: LeasedNotification): string {
  return (MESSAGE_WORDS as Record<string, string | undefined>)[type] ?? `of ${type}`;
}

async function tellTimeline(
  ctx: UnitOfWork,
  notification: LeasedNotification,
  line: { text: string; data: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { incidentId, organizationId, id, type } = notification;
  if (incidentId === null) return;
  const entry = { kind: 'notification', text: line.text, data: {} } as const;
  const data = { ...line.data, notificationId: id, type };
  await appendTimeline(ctx, incidentId, entry, BLACKTIDE, ctx.clock.now(), data);
  await announceIncident(ctx.db, organizationId, incidentId);
}
