import type { Sql } from 'postgres';
import type { Monitor } from '#domain/api/monitor.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { Reason } from '#domain/check/result.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { INTERVAL_SECONDS } from '#tests/harness/scene.ts';
import { examineSlots } from '#tests/harness/slots.ts';
import type { ReceivedWebhook, WebhookReceiver } from '#tests/harness/webhook-receiver.ts';
import { STOPPED_MS } from './chaos-disruptions.ts';
import { SEEN_MS, TIMEOUT_MS, type Watched } from './chaos-outages.ts';
import type { TimeSpans } from './time-span.ts';

const INTERVAL_MS = INTERVAL_SECONDS * 1000;
/** Longest duration of a check that was under way at an event: its slot, its second attempt, and the longest stop. */
const UNDERWAY_MS = INTERVAL_MS + 2 * TIMEOUT_MS + STOPPED_MS[1];

export interface Verdict {
  readonly violations: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

interface StoredIncident {
  readonly id: string;
  readonly monitorId: string;
  readonly status: string;
  /** The time at which the edge judged the round that opened the incident. */
  readonly judgedAt: Date;
}

/** Every slot of every monitor and location is stored once, and is missed only while the edge was disturbed. */
export async function examineResults(
  sql: Sql,
  watched: readonly Watched[],
  edgeDisturbed: TimeSpans,
  until: number,
): Promise<Verdict> {
  const violations: string[] = [];
  const figures = { slotsDue: 0, slotsStored: 0, slotsMissed: 0, checksNotMade: 0, falseFailures: 0 };
  for (const { monitor, outages, partial } of watched) {
    const rows = await sql<{ location: LocationId; slot: Date; outcome: string; reason: Reason | null }[]>`
      SELECT location, scheduled_at AS slot, outcome, reason FROM check_results
      WHERE monitor_id = ${monitor.id} AND NOT manual`;
    const slots = rows.map(({ slot, location, reason }) => ({
      location,
      scheduledAt: slot.toISOString(),
      reason: reason ?? undefined,
    }));
    for (const location of LOCATION_IDS) {
      const where = `${monitor.name} at ${location}`;
      const report = examineSlots(slots, location, INTERVAL_SECONDS, until);
      figures.slotsDue += report.due;
      figures.slotsStored += report.due - report.holes.length;
      if (report.slots === 0) violations.push(`${where}: no result at all`);
      for (const hole of report.holes) violations.push(`${where}: no result for ${hole}`);
      for (const slot of report.duplicates) violations.push(`${where}: ${slot} is stored twice`);
      const results = rows.filter((row) => row.location === location);
      for (const { slot, outcome, reason } of results) {
        if (outcome === 'failure' || outcome === 'timeout') {
          const failed = outages.cover(slot.getTime(), UNDERWAY_MS, 0) || partial.cover(slot.getTime(), UNDERWAY_MS, 0);
          if (!failed) figures.falseFailures += 1;
        } else if (outcome === 'error') {
          if (reason === 'missed_slot') figures.slotsMissed += 1;
          else figures.checksNotMade += 1;
          if (!edgeDisturbed.cover(slot.getTime(), UNDERWAY_MS, INTERVAL_MS)) {
            violations.push(`${where}: ${reason} for ${iso(slot.getTime())} although the edge was not disturbed`);
          }
        }
      }
    }
  }
  return { violations, figures };
}

/**
 * Each outage that lasted long enough has one incident, any other outage at most one, and no incident has no outage.
 */
export async function examineIncidents(
  sql: Sql,
  watched: readonly Watched[],
  edgeDisturbed: TimeSpans,
  receiver: WebhookReceiver,
): Promise<Verdict> {
  const violations: string[] = receiver.refused.map((reason) => `webhook refused: ${reason}`);
  const figures = { outages: 0, outagesSurelySeen: 0, incidents: 0, webhooks: receiver.received.length };
  const incidents = await sql<StoredIncident[]>`
    SELECT i.id, i.monitor_id AS "monitorId", i.status,
      (SELECT min(t.at) FROM incident_timeline t WHERE t.incident_id = i.id AND t.kind = 'opened') AS "judgedAt"
    FROM incidents i ORDER BY i.id`;
  figures.incidents = incidents.length;
  for (const { monitor, outages } of watched) {
    const causes = new Map<object, StoredIncident[]>(outages.all.map((outage) => [outage, []]));
    for (const incident of incidents.filter(({ monitorId }) => monitorId === monitor.id)) {
      const at = incident.judgedAt.getTime();
      const cause = outages.all.findLast((outage) => outage.from <= at && at <= outage.to + UNDERWAY_MS);
      if (cause === undefined) violations.push(`${monitor.name}: ${incident.id} at ${iso(at)} has no outage`);
      else causes.get(cause)?.push(incident);
    }
    for (const outage of outages.all) {
      const found = causes.get(outage) ?? [];
      const span = `${iso(outage.from)} to ${iso(outage.to)}`;
      figures.outages += 1;
      if (found.length > 1) violations.push(`${monitor.name}: ${found.length} incidents for the outage ${span}`);
      if (edgeDisturbed.longestFree(outage) < SEEN_MS) continue;
      figures.outagesSurelySeen += 1;
      if (found.length === 0) violations.push(`${monitor.name}: no incident for the outage ${span}`);
    }
  }
  for (const incident of incidents) violations.push(...examineWebhooks(incident, receiver.received));
  const known = new Set(incidents.map((incident) => incident.id));
  for (const { type, data } of receiver.received) {
    if (!known.has(data.incident?.id ?? '')) violations.push(`${type} of an unknown incident ${data.incident?.id}`);
  }
  const ids = new Set(receiver.received.map((webhook) => webhook.id));
  return { violations, figures: { ...figures, webhooksRepeated: receiver.received.length - ids.size } };
}

/** A delivery is repeated under the same id when the core was killed before it stored the result: it counts once. */
function examineWebhooks(incident: StoredIncident, received: readonly ReceivedWebhook[]): string[] {
  const own = received.filter((webhook) => webhook.data.incident?.id === incident.id);
  const first = (type: string) => own.findIndex((webhook) => webhook.type === type);
  const violations: string[] = [];
  for (const type of ['incident.opened', 'incident.resolved']) {
    const ids = new Set(own.filter((webhook) => webhook.type === type).map((webhook) => webhook.id));
    if (ids.size !== 1) violations.push(`${incident.id} (${incident.status}): ${ids.size} × ${type}`);
  }
  if (first('incident.resolved') < first('incident.opened')) violations.push(`${incident.id}: resolved before opened`);
  return violations;
}

/** At the end monitors are up, incidents and alerts are resolved, and the public page says so. */
export async function examineEnd(api: ApiClient, sql: Sql, summaryUrl: string): Promise<Verdict> {
  const violations: string[] = [];
  for (const monitor of (await api.get<{ data: Monitor[] }>('/monitors?limit=200')).data) {
    if (monitor.status !== 'up') violations.push(`${monitor.name} is ${monitor.status}`);
  }
  const [open] = await sql`SELECT
    (SELECT count(*) FROM incidents WHERE status <> 'resolved')::int AS incidents,
    (SELECT count(*) FROM alerts WHERE state <> 'resolved')::int AS alerts,
    (SELECT count(*) FROM notifications WHERE status <> 'delivered')::int AS notifications,
    (SELECT count(*) FROM parked_messages)::int AS parked`;
  for (const [what, count] of Object.entries(open ?? {})) if (count > 0) violations.push(`${count} ${what} left`);
  const page = (await (await fetch(summaryUrl)).json()) as {
    status: { indicator: string };
    components: { name: string; status: string }[];
    incidents: unknown[];
  };
  if (page.status.indicator !== 'none') violations.push(`the page says ${page.status.indicator}`);
  if (page.incidents.length > 0) violations.push(`the page shows ${page.incidents.length} incidents`);
  for (const { name, status } of page.components) {
    if (status !== 'operational') violations.push(`the page says that ${name} is ${status}`);
  }
  return { violations, figures: {} };
}

function iso(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : 'the end';
}
