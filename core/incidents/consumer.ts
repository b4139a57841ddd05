import { eq } from 'drizzle-orm';
import { alertRules, alerts, incidents, monitors } from '#db/schema.ts';
import { parkMessages } from '#db/sql/park-messages.ts';
import { storeAlert } from '#db/sql/store-alert.ts';
import { type AlertTriggeredEvent, alertTriggeredEventSchema } from '#domain/wire/wire.ts';
import { BLACKTIDE, type CoreContext, type StreamConsumer, type Transaction } from '../context.ts';
import { CONSUMER_KINDS } from '../streams/consumer-kinds.ts';
import { inUnit, type UnitOfWork } from '../unit-of-work.ts';
import { changeIncident, openIncident } from './change.ts';

/**
 * The consumer that opens and resolves incidents by alerts. An alert has one open incident, however often its event is
 * delivered.
 */
export function createIncidents(ctx: CoreContext): StreamConsumer {
  return {
    name: 'incidents',
    kinds: CONSUMER_KINDS.incidents,
    async handle(messages) {
      for (const message of messages) {
        const parsed = alertTriggeredEventSchema.safeParse(message);
        if (parsed.success) await take(ctx, parsed.data);
        else await park(ctx, message, parsed.error.issues[0]?.message ?? 'not valid');
      }
    },
  };
}

async function take(ctx: CoreContext, event: AlertTriggeredEvent): Promise<void> {
  const organizationId = await inUnit(ctx, async (ctx) => {
    const owner = await ownerOf(ctx.db, event);
    if (owner === undefined) return null;
    const change = await storeAlert(ctx.db, owner.organizationId, event);
    if (change === 'fired') await open(ctx, event, owner);
    if (change === 'resolved') await recover(ctx, event);
    return change === 'nothing' ? null : owner.organizationId;
  });
  if (organizationId === null) return;
  const { alertId, monitorId, to, at, traceId } = event;
  ctx.live.emit(organizationId, [{ type: 'alert', data: { alertId, monitorId, to, at } }]);
  ctx.metrics.increment('alerts_total', { to });
  ctx.logger.info({ alertId, monitorId, to, cause: event.cause, traceId }, 'an alert has changed');
}

interface Owner {
  readonly organizationId: string;
  /** null for a deleted monitor, whose alert may still end. */
  readonly monitorName: string | null;
}

/** Undefined when neither the monitor nor the alert exists: the event then has no organisation. */
async function ownerOf(tx: Transaction, event: AlertTriggeredEvent): Promise<Owner | undefined> {
  const [monitor] = await tx
    .select({ organizationId: monitors.organizationId, monitorName: monitors.name })
    .from(monitors)
    .where(eq(monitors.id, event.monitorId));
  if (monitor !== undefined) return monitor;
  const [alert] = await tx
    .select({ organizationId: alerts.organizationId })
    .from(alerts)
    .where(eq(alerts.id, event.alertId));
  return alert === undefined ? undefined : { ...alert, monitorName: null };
}

async function open(ctx: UnitOfWork, event: AlertTriggeredEvent, owner: Owner): Promise<void> {
  const input = {
    organizationId: owner.organizationId,
    title: `${owner.monitorName ?? 'A monitor'} is down`,
    summary: event.summary,
    severity: event.severity,
    monitorId: event.monitorId,
    alert: { id: event.alertId, ruleId: event.ruleId },
    startedAt: new Date(event.scheduledAt),
    at: new Date(event.at),
    data: { failing: event.failing, traceId: event.traceId },
    traceId: event.traceId,
  };
  await openIncident(ctx, input, BLACKTIDE);
}

/** Resolves the alert's incident. An incident that a person has resolved already only gets a timeline entry. */
async function recover(ctx: UnitOfWork, event: AlertTriggeredEvent): Promise<void> {
  const [incident] = await ctx.db
    .select({ id: incidents.id })
    .from(incidents)
    .where(eq(incidents.alertId, event.alertId))
    .limit(1);
  if (incident === undefined) return;
  const [rule] = await ctx.db.select().from(alertRules).where(eq(alertRules.id, event.ruleId));
  const quietly = rule !== undefined && !rule.notifyOnRecovery;
  const options = { quietly, at: new Date(event.at) };
  await changeIncident(ctx, incident.id, { type: 'recover', summary: event.summary }, BLACKTIDE, options);
}

async function park(ctx: CoreContext, message: unknown, reason: string): Promise<void> {
  await parkMessages(ctx.db, [
    { subject: 'alert.triggered', consumer: 'incidents', reason, payload: JSON.stringify(message) },
  ]);
  ctx.metrics.increment('parked_messages_total', { consumer: 'incidents' });
  ctx.logger.warn({ reason }, 'an alert could not be read and was parked');
}
