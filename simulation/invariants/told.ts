import type { Simulation } from '../simulation.ts';
import { requireEqual, requireThat } from '../violation.ts';

/** The rows of incidents agree with each other. The ledger compares the rest after each step. */
export async function requireIncidents({ ctx }: Simulation): Promise<void> {
  const twice = await ctx.sql`
    SELECT alert_id FROM incidents WHERE alert_id IS NOT NULL GROUP BY alert_id HAVING count(*) > 1`;
  requireEqual(twice.length, 0, 'an alert has at most one incident');
  const odd = await ctx.sql`
    SELECT id, status FROM incidents
    WHERE (status = 'resolved') <> (resolved_at IS NOT NULL)
       OR (status = 'open' AND acknowledged_at IS NOT NULL) OR (status = 'acknowledged' AND acknowledged_at IS NULL)
       OR (status = 'resolved') < (public_status = 'resolved' AND resolved_at IS NULL)`;
  requireEqual([...odd], [], 'the times of an incident agree with its state');
  const revisions = await ctx.sql`
    SELECT i.id FROM incidents i
    WHERE revision <> (SELECT count(*) FROM incident_timeline t
                       WHERE t.incident_id = i.id AND kind NOT IN ('notification', 'published'))`;
  requireEqual([...revisions], [], 'every revision of an incident has its line in the timeline');
}

/** Every notification was delivered or given up, as its attempts and the incident's timeline say. */
export async function requireNotifications({ ctx, ledger, receiver, notifiers }: Simulation): Promise<void> {
  const rows = await ctx.sql<
    {
      id: string;
      channelId: string;
      status: string;
      attempts: number;
      made: number;
      reasons: string[];
      lines: string[];
    }[]
  >`
    SELECT n.id, channel_id AS "channelId", status, attempts,
           (SELECT count(*)::int FROM notification_attempts a WHERE a.notification_id = n.id AND error IS DISTINCT FROM 'not_sent') AS made,
           ARRAY(SELECT detail FROM notification_attempts a WHERE a.notification_id = n.id AND error = 'not_sent') AS reasons,
           ARRAY(SELECT t.data->>'status' FROM incident_timeline t
                 WHERE t.incident_id = n.incident_id AND kind = 'notification' AND t.data->>'notificationId' = n.id) AS lines
    FROM notifications n`;
  const receipts = Map.groupBy(receiver.receipts, ({ id }) => id);
  for (const row of rows) {
    const received = receipts.get(row.id) ?? [];
    const sent = received.filter(({ mood }) => mood === 'takes it').length;
    const excused = notifiers.deaths.get(row.id) ?? 0;
    const ends = row.lines.filter((status) => status !== 'failed');
    requireEqual(ends, [row.status], 'the timeline tells once how a notification ended');
    requireThat(row.lines.length <= 2, 'the timeline tells of the first failure only', row);
    requireEqual(row.attempts, row.made, 'every attempt is counted and written down');
    requireThat(
      row.made <= received.length && received.length <= row.made + excused,
      'a notification is sent once for each attempt, and once more for each notifier that died or was suspended',
      { row, received: received.length, excused },
    );
    if (row.status === 'delivered') {
      requireThat(sent >= 1 && sent <= 1 + excused, 'what was taken is not sent again', { row, sent, excused });
      continue;
    }
    requireEqual(row.status, 'dead', 'every notification ends');
    requireEqual(row.reasons, ['the channel is switched off'], 'a notification is given up for a visible reason only');
    requireThat(
      ledger.channels.get(row.channelId)?.wasOff === true,
      'a channel that was never off misses nothing',
      row,
    );
  }
  const known = new Set(rows.map(({ id }) => id));
  requireEqual(
    [...receipts.keys()].filter((id) => !known.has(id)),
    [],
    'nothing is sent that is not in the outbox',
  );
}

/** The ledger's keys of incidents, by incident id. */
export async function readIncidentKeys({ ctx }: Simulation): Promise<ReadonlyMap<string, string>> {
  const rows = await ctx.sql<{ id: string; key: string }[]>`SELECT id, coalesce(alert_id, id) AS key FROM incidents`;
  return new Map(rows.map(({ id, key }) => [id, key]));
}

/** A repeated message has the same body, and a channel receives the messages of an incident in order. */
export function requireReceipts({ receiver, ledger }: Simulation, keyOf: ReadonlyMap<string, string>): void {
  const heard = new Map<string, string[]>();
  const bodies = new Map<string, string>();
  for (const { id, channelId, body, message } of receiver.receipts) {
    const known = bodies.get(id);
    if (known !== undefined) {
      requireEqual(body, known, 'a repetition says the same');
      continue;
    }
    bodies.set(id, body);
    const key = `${channelId} ${keyOf.get(message.data.incident.id)}`;
    heard.set(key, [...(heard.get(key) ?? []), message.type]);
  }
  for (const [incidentKey, { told }] of ledger.incidents) {
    for (const [channelId, types] of told) {
      const received = heard.get(`${channelId} ${incidentKey}`) ?? [];
      if (ledger.channels.get(channelId)?.wasOff) {
        requireThat(isSubsequence(received, types), 'a channel hears in order', { incidentKey, received, types });
      } else requireEqual(received, types, 'a channel hears of an incident in the order in which it happened');
    }
  }
}

function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let position = 0;
  for (const one of all) if (one === some[position]) position++;
  return position === some.length;
}

/** No channel and no browser receives anything of another organisation. */
export function requireTenancy({ receiver, ledger, live }: Simulation, keyOf: ReadonlyMap<string, string>): void {
  for (const { channelId, message } of receiver.receipts) {
    const owner = ledger.channels.get(channelId)?.organizationId;
    const { incident, monitor } = message.data;
    requireEqual(
      ledger.incidents.get(keyOf.get(incident.id) ?? '')?.organizationId,
      owner,
      'a webhook is about an incident of its own organisation',
    );
    if (monitor !== undefined) requireEqual(ledger.owners.get(monitor.id), owner, 'a webhook names its own monitor');
  }
  for (const [organizationId, monitorId] of live) {
    requireEqual(organizationId, ledger.owners.get(monitorId), 'browsers hear of their own monitors');
  }
}
