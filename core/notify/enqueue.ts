import { and, eq, inArray, max, sql } from 'drizzle-orm';
import { z } from 'zod';
import { alertRules, alerts, channels, monitors, notifications } from '#db/schema.ts';
import { derivedId, newId } from '#domain/base/id.ts';
import type { UnreachedReason, WebhookEventType } from '#domain/incident/incident.ts';
import type { Transaction } from '../context.ts';
import { type IncidentRow, presentIncident } from '../incidents/present.ts';
import { markUnderWay, settleUnreached } from '../incidents/reach.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** LISTEN channel of the notify loop. */
export const NOTIFY_CHANNEL = 'blacktide_notify';

interface Envelope {
  readonly type: WebhookEventType;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Writes the notifications about an incident into the outbox, in the transaction of their cause. The payload is fixed
 * here, so every attempt sends the same. An opening without a channel to tell is said in the timeline. Returns what
 * this changes of the incident.
 */
export async function enqueueIncident(
  ctx: UnitOfWork,
  incident: IncidentRow,
  type: WebhookEventType,
): Promise<Partial<Pick<IncidentRow, 'unreachedReason'>>> {
  const told =
    type === 'incident.opened' ? await channelsOfOpening(ctx, incident) : await channelsTold(ctx.db, incident);
  if (told.channelIds.length === 0) {
    if (type !== 'incident.opened') return {};
    const unreachedReason = await settleUnreached(ctx, incident.id, told.without);
    return unreachedReason === null ? {} : { unreachedReason };
  }
  const at = await nextMoment(ctx, incident.id);
  const payload = await describe(ctx, incident, type, at);
  const idFor = (channelId: string) =>
    derivedId('dlv', at.getTime(), incident.id, type, String(incident.revision), channelId);
  // The payload is sent once for all channels: as values of five hundred rows it would take this process 80 ms.
  await ctx.db.execute(sql`
    INSERT INTO notifications (id, organization_id, channel_id, incident_id, type, payload, status, next_attempt_at, trace_id, created_at)
    SELECT told.id, ${incident.organizationId}, told.channel_id, ${incident.id}, ${type},
           ${JSON.stringify(payload)}::jsonb, 'pending', now(), ${incident.traceId}, ${at.toISOString()}
    FROM unnest(${sql.param(told.channelIds.map(idFor))}::text[], ${sql.param(told.channelIds)}::text[]) AS told (id, channel_id)
    ON CONFLICT DO NOTHING`);
  await markUnderWay(ctx, incident.id);
  await wakeNotifier(ctx.db);
  return { unreachedReason: null };
}

/**
 * The current time, but later than every earlier notification of the incident: they are sent in the order of this time,
 * and the clocks of two processes differ. The caller holds the incident's row lock, so no other can be written
 * meanwhile.
 */
async function nextMoment(ctx: UnitOfWork, incidentId: string): Promise<Date> {
  const now = ctx.clock.now();
  const [newest] = await ctx.db
    .select({ at: max(notifications.createdAt) })
    .from(notifications)
    .where(eq(notifications.incidentId, incidentId));
  return newest?.at == null ? now : new Date(Math.max(now.getTime(), newest.at.getTime() + 1));
}

/** Puts a test message for one channel into the outbox; returns the notification's id. */
export async function enqueueTest(ctx: UnitOfWork, channelId: string, traceId: string): Promise<string> {
  const now = ctx.clock.now();
  const id = newId('dlv', now.getTime(), ctx.clock.random(10));
  const payload: Envelope = {
    type: 'test',
    timestamp: now.toISOString(),
    data: { links: { channel: `${ctx.config.publicUrl}/channels/${channelId}` } },
  };
  await ctx.db.execute(sql`
    INSERT INTO notifications (id, organization_id, channel_id, type, payload, status, next_attempt_at, trace_id, created_at)
    SELECT ${id}, organization_id, id, 'test', ${JSON.stringify(payload)}::jsonb, 'pending', now(),
           ${traceId}, ${now.toISOString()}
    FROM channels WHERE id = ${channelId}`);
  await wakeNotifier(ctx.db);
  return id;
}

/** Wakes the notify loops of all processes when the transaction commits. */
export async function wakeNotifier(tx: Transaction): Promise<void> {
  await tx.execute(sql`SELECT pg_notify(${NOTIFY_CHANNEL}, '')`);
}

/** Channels to tell; `without` says why when there are none. */
interface Told {
  readonly channelIds: readonly string[];
  readonly without: UnreachedReason;
}

/** An opening goes to the enabled channels of its rule, or to all enabled default ones. */
async function channelsOfOpening(ctx: UnitOfWork, incident: IncidentRow): Promise<Told> {
  const named = await channelsOfRule(ctx, incident.ruleId);
  const rows = await ctx.db
    .select({ id: channels.id, enabled: channels.enabled })
    .from(channels)
    .where(
      and(
        eq(channels.organizationId, incident.organizationId),
        named === null ? eq(channels.isDefault, true) : inArray(channels.id, named),
      ),
    );
  const channelIds = rows.filter(({ enabled }) => enabled).map(({ id }) => id);
  return { channelIds, without: rows.length === 0 ? 'no_channel' : 'channels_disabled' };
}

/** Channels that a rule names, or null for the default ones. */
async function channelsOfRule(ctx: UnitOfWork, ruleId: string | null): Promise<string[] | null> {
  if (ruleId === null) return null;
  const [rule] = await ctx.db.select().from(alertRules).where(eq(alertRules.id, ruleId));
  const named = z
    .array(z.string())
    .nullable()
    .safeParse(rule?.channelIds ?? null);
  if (named.success) return named.data;
  // An incident whose rule cannot be read is told to too many channels rather than to none. The rule itself shows
  // what is wrong with it.
  ctx.logger.error(
    { err: named.error, ruleId },
    'the channels of an alert rule cannot be read: all default ones are told',
  );
  return null;
}

/** Later events go to the channels that received the opening, even if the rule has changed since. */
async function channelsTold(tx: Transaction, incident: IncidentRow): Promise<Told> {
  const told = await tx
    .selectDistinct({ id: notifications.channelId })
    .from(notifications)
    .where(eq(notifications.incidentId, incident.id));
  return { channelIds: told.map(({ id }) => id), without: 'no_channel' };
}

/** The message as documented in docs/webhooks.md. */
async function describe(ctx: UnitOfWork, incident: IncidentRow, type: WebhookEventType, at: Date): Promise<Envelope> {
  const monitorId = incident.monitorId;
  const [monitor] = monitorId === null ? [] : await ctx.db.select().from(monitors).where(eq(monitors.id, monitorId));
  const alertId = incident.alertId;
  const [alert] = alertId === null ? [] : await ctx.db.select().from(alerts).where(eq(alerts.id, alertId));
  const [rule] =
    alert === undefined ? [] : await ctx.db.select().from(alertRules).where(eq(alertRules.id, alert.ruleId));
  const { publicUrl } = ctx.config;
  // A receiver is not told which receivers the incident has reached.
  const { reach: _, ...shown } = presentIncident(incident, monitor?.name ?? null);
  return {
    type,
    timestamp: at.toISOString(),
    data: {
      incident: shown,
      ...(monitor === undefined
        ? {}
        : { monitor: { id: monitor.id, name: monitor.name, type: monitor.type, tags: monitor.tags } }),
      ...(alert === undefined
        ? {}
        : {
            alert: {
              id: alert.id,
              ruleId: alert.ruleId,
              severity: alert.severity,
              state: alert.state,
              firedAt: alert.firedAt?.toISOString() ?? null,
              resolvedAt: alert.resolvedAt?.toISOString() ?? null,
            },
          }),
      links: {
        incident: `${publicUrl}/incidents/${incident.id}`,
        ...(monitor === undefined ? {} : { monitor: `${publicUrl}/monitors/${monitor.id}` }),
        ...(rule?.runbookUrl == null ? {} : { runbook: rule.runbookUrl }),
      },
    },
  };
}
