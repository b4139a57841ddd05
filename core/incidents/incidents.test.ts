import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { inUnit } from '#core/unit-of-work.ts';
import { alertRules, alerts, incidents, incidentTimeline, notifications, publishQueue } from '#db/schema.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import { alertEvent, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import type { Actor } from '../context.ts';
import { relayIncidents } from './announce.ts';
import { changeIncident, openIncident } from './change.ts';
import { createIncidents } from './consumer.ts';

let core: TestCore;
let channel: { id: string };
let monitor: string;
const ada: Actor = { type: 'user', id: 'usr_ada', name: 'Ada' };
const noon = new Date('2026-11-22T12:00:00.000Z');

beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
  channel = await core.addChannel('http://127.0.0.1:1/');
  await core.addChannel('http://127.0.0.1:1/', { enabled: false });
});
afterAll(() => core.close());
beforeEach(async () => {
  monitor = await core.addMonitor();
});

const tell = (...events: unknown[]) => createIncidents(core.ctx).handle(events);
const incidentsOf = () => core.ctx.db.select().from(incidents).where(eq(incidents.monitorId, monitor));
const only = async () => {
  const [row, ...others] = await incidentsOf();
  if (row === undefined || others.length > 0) throw new Error(`${others.length + (row ? 1 : 0)} incidents`);
  return row;
};
const timelineOf = async (id: string) => {
  const rows = await core.ctx.db
    .select()
    .from(incidentTimeline)
    .where(eq(incidentTimeline.incidentId, id))
    .orderBy(asc(incidentTimeline.at), asc(incidentTimeline.id));
  return rows.map((row) => row.kind);
};
const toldOf = async (id: string) => {
  const rows = await core.ctx.db
    .select()
    .from(notifications)
    .where(eq(notifications.incidentId, id))
    .orderBy(asc(notifications.createdAt));
  return rows.map((row) => row.type);
};
const change = (id: string, what: Parameters<typeof changeIncident>[2]) =>
  inUnit(core.ctx, (unit) => changeIncident(unit, id, what, ada));

test('an alert opens one incident with its story and one notification for each enabled default channel', async () => {
  await tell(alertEvent(monitor, 'firing', noon));
  const incident = await only();
  expect(incident).toMatchObject({
    title: 'api.example is down',
    summary: '4 of 6 locations failed: connection refused',
    status: 'open',
    severity: 'critical',
    startedAt: noon,
  });
  expect(await timelineOf(incident.id)).toEqual(['opened']);
  const told = await core.ctx.db.select().from(notifications).where(eq(notifications.incidentId, incident.id));
  expect(told).toMatchObject([{ channelId: channel.id, type: 'incident.opened', status: 'pending' }]);
  expect(told[0]?.payload).toMatchObject({
    type: 'incident.opened',
    data: {
      incident: { id: incident.id, status: 'open', monitorName: 'api.example' },
      monitor: { id: monitor, name: 'api.example' },
      alert: { state: 'firing', severity: 'critical' },
      links: { incident: `${core.ctx.config.publicUrl}/incidents/${incident.id}` },
    },
  });
});

test('the same alert told many times, also at the same time, is one incident and one notification', async () => {
  const event = alertEvent(monitor, 'firing', noon);
  await Promise.all(Array.from({ length: 8 }, () => tell(event)));
  await tell(event, event);
  const incident = await only();
  expect(await timelineOf(incident.id)).toEqual(['opened']);
  expect(await toldOf(incident.id)).toEqual(['incident.opened']);
});

test('its end resolves the incident once and tells the channels that were told of the beginning', async () => {
  await tell(alertEvent(monitor, 'firing', noon));
  await core.addChannel('http://127.0.0.1:1/', { default: false });
  const end = alertEvent(monitor, 'resolved', noon);
  await Promise.all([tell(end), tell(end), tell(end)]);
  const incident = await only();
  const resolvedAt = new Date(end.at);
  expect(incident).toMatchObject({ status: 'resolved', publicStatus: 'resolved', resolvedAt });
  expect(await timelineOf(incident.id)).toEqual(['opened', 'resolved']);
  expect(await toldOf(incident.id)).toEqual(['incident.opened', 'incident.resolved']);
});

test('an end that arrives before its beginning pages nobody', async () => {
  await tell(alertEvent(monitor, 'resolved', noon));
  await tell(alertEvent(monitor, 'firing', noon));
  expect(await incidentsOf()).toEqual([]);
  const [alert] = await core.ctx.db.select().from(alerts).where(eq(alerts.monitorId, monitor));
  expect(alert?.state).toBe('resolved');
});

test('resolved by a person first: the recovery is a line in the story and tells nobody again', async () => {
  await tell(alertEvent(monitor, 'firing', noon));
  const { id } = await only();
  await change(id, { type: 'resolve' });
  await tell(alertEvent(monitor, 'firing', noon), alertEvent(monitor, 'resolved', noon));
  expect(await timelineOf(id)).toEqual(['opened', 'resolved', 'recovery']);
  expect(await toldOf(id)).toEqual(['incident.opened', 'incident.resolved']);
});

test('the end of an alert reaches its incident when the monitor is gone', async () => {
  await tell(alertEvent(monitor, 'firing', noon));
  const { id } = await only();
  await core.ctx.sql`DELETE FROM monitors WHERE id = ${monitor}`;
  await tell(alertEvent(monitor, 'resolved', noon, { cause: 'deleted' }));
  const [incident] = await core.ctx.db.select().from(incidents).where(eq(incidents.id, id));
  expect(incident?.status).toBe('resolved');
});

test('an alert of a monitor nobody knows is forgotten; one that cannot be read is parked', async () => {
  const gone = 'mon_00000000000000000000000000';
  await tell(alertEvent(gone, 'firing', noon), { v: 7, kind: 'alert.triggered' }, alertEvent(monitor, 'firing', noon));
  expect(await incidentsOf()).toHaveLength(1);
  const [row] = await core.ctx.sql`SELECT consumer, payload FROM parked_messages WHERE subject = 'alert.triggered'`;
  expect(row).toMatchObject({ consumer: 'incidents', payload: '{"v":7,"kind":"alert.triggered"}' });
});

test('a rule of its own names the channels, and may keep recoveries to itself', async () => {
  const named = await core.addChannel('http://127.0.0.1:1/', { default: false });
  await core.ctx.db.insert(alertRules).values({
    id: 'rul_own',
    organizationId: core.organizationId,
    monitorId: monitor,
    name: 'Own',
    condition: { type: 'consecutiveFailures', count: 1 },
    severity: 'minor',
    recoveryCount: 1,
    channelIds: [named.id],
    notifyOnRecovery: false,
    runbookUrl: 'https://runbooks.example/api',
  });
  const own = { ruleId: 'rul_own' };
  await tell(alertEvent(monitor, 'firing', noon, own), alertEvent(monitor, 'resolved', noon, own));
  const { id } = await only();
  const told = await core.ctx.db.select().from(notifications).where(eq(notifications.incidentId, id));
  expect(told.map((row) => [row.channelId, row.type])).toEqual([[named.id, 'incident.opened']]);
  expect(told[0]?.payload).toMatchObject({ data: { links: { runbook: 'https://runbooks.example/api' } } });
});

test('of two people who acknowledge at the same time one is told that it was done', async () => {
  await tell(alertEvent(monitor, 'firing', noon));
  const { id } = await only();
  const outcomes = await Promise.allSettled([change(id, { type: 'acknowledge' }), change(id, { type: 'acknowledge' })]);
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({ code: 'conflict' });
  expect(await timelineOf(id)).toEqual(['opened', 'acknowledged']);
  await expect(change('inc_none', { type: 'resolve' })).rejects.toMatchObject({ code: 'not_found' });
});

test('opened by a person: acknowledge, note, public update, resolve and re-open leave their lines', async () => {
  const input = {
    organizationId: core.organizationId,
    title: 'Disk',
    summary: '',
    severity: 'major' as const,
    monitorId: monitor,
  };
  const { id } = await inUnit(core.ctx, (unit) => openIncident(unit, input, ada));
  await change(id, { type: 'acknowledge' });
  await change(id, { type: 'note', text: 'looking' });
  await change(id, { type: 'update', status: 'identified', body: 'We found it.' });
  expect(await change(id, { type: 'resolve' })).toMatchObject({ status: 'resolved', resolvedAt: expect.any(String) });
  expect(await change(id, { type: 'reopen' })).toMatchObject({
    status: 'open',
    acknowledgedAt: null,
    resolvedAt: null,
  });
  expect(await timelineOf(id)).toEqual(['opened', 'acknowledged', 'note', 'update', 'resolved', 'reopened']);
  expect(await toldOf(id)).toEqual([
    'incident.opened',
    'incident.acknowledged',
    'incident.updated',
    'incident.resolved',
    'incident.opened',
  ]);
});

test('pages that show the monitor are published again, and browsers hear of it after the commit only', async () => {
  await core.addPage('incidents-test', [monitor]);
  const heard: LiveEvent[] = [];
  const relay = await relayIncidents(core.ctx, (_, events) => heard.push(...events));
  const failing = inUnit(core.ctx, async (unit) => {
    await openIncident(
      unit,
      { organizationId: core.organizationId, title: 'Undone', summary: '', severity: 'info', monitorId: monitor },
      ada,
    );
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  await tell(alertEvent(monitor, 'firing', noon));
  await eventually('a browser hears of it', () => heard.length > 0);
  expect(heard).toMatchObject([{ type: 'incident', data: { title: 'api.example is down', monitorId: monitor } }]);
  await relay.close();
  const queued = await core.ctx.db.select().from(publishQueue).where(eq(publishQueue.key, 'incidents-test'));
  expect(queued).toMatchObject([{ kind: 'page' }]);
});
