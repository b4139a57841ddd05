import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { and, asc, eq, sql } from 'drizzle-orm';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { inUnit } from '#core/unit-of-work.ts';
import {
  alertRules,
  auditLog,
  channels,
  incidents,
  incidentTimeline,
  notificationAttempts,
  notifications,
  organizations,
} from '#db/schema.ts';
import { startDeadReceivers } from '#tests/core/dead-receivers.ts';
import { alertEvent, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import type { CoreContext } from '../context.ts';
import { changeIncident, openIncident } from '../incidents/change.ts';
import { createIncidents } from '../incidents/consumer.ts';
import { presentIncident } from '../incidents/present.ts';
import { presentChannels } from '../services/channels/present.ts';
import { deliver } from './deliver.ts';
import { enqueueTest } from './enqueue.ts';
import { startNotifier } from './notifier.ts';
import { leaseNotifications } from './outbox.ts';
import { ATTEMPTS_MAX, readRetryAfter, retryDelayMs } from './retry.ts';

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

let core: TestCore;
/** Retries are immediate: full jitter with the smallest random number. */
let ctx: CoreContext;
let server: Server;
let url: string;
let received: Received[] = [];
interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
let answer: (n: number) => Answer | Promise<Answer>;
let channel: { id: string; secret: string };
let notifier: { close(): Promise<void> } | undefined;

beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
  const clock = {
    now: core.ctx.clock.now,
    random: (bytes: number) => (bytes === 4 ? new Uint8Array(4) : core.ctx.clock.random(bytes)),
  };
  ctx = { ...core.ctx, clock };
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      void Promise.resolve(answer(received.length)).then(({ status, headers, body: text }) =>
        response.writeHead(status, headers).end(text),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await core.close();
});
beforeEach(async () => {
  received = [];
  answer = () => ({ status: 204 });
  await ctx.sql`DELETE FROM channels`;
  channel = await core.addChannel(url);
});
afterEach(async () => {
  await notifier?.close();
  notifier = undefined;
});

const noon = new Date('2026-11-22T12:00:00.000Z');
const queueTest = () => inUnit(ctx, (unit) => enqueueTest(unit, channel.id, '0'.repeat(32)));
const statusOf = async (id: string) => {
  const [row] = await ctx.db.select().from(notifications).where(eq(notifications.id, id));
  return row?.status;
};
const attemptsOf = (id: string) =>
  ctx.db
    .select()
    .from(notificationAttempts)
    .where(eq(notificationAttempts.notificationId, id))
    .orderBy(asc(notificationAttempts.id));
const until = (id: string, status: string) =>
  eventually(`${id} is ${status}`, async () => (await statusOf(id)) === status);

test('a message is signed by Standard Webhooks and says what API.md promises', async () => {
  notifier = await startNotifier(ctx);
  const id = await queueTest();
  await until(id, 'delivered');
  const [message] = received;
  if (message === undefined) throw new Error('nothing was received');
  const payload = new Webhook(channel.secret).verify(message.body, message.headers);
  expect(payload).toEqual({ type: 'test', timestamp: expect.any(String), data: { links: expect.any(Object) } });
  expect(message.headers).toMatchObject({
    'webhook-id': id,
    'content-type': 'application/json',
    'user-agent': expect.stringContaining('BlackTide'),
    'x-team': 'ops',
  });
  expect(() => new Webhook(channel.secret).verify(`${message.body} `, message.headers)).toThrow();
  expect(await attemptsOf(id)).toMatchObject([{ statusCode: 204, error: null }]);
});

test('what fails is tried again with the same id and body, and every attempt is written down', async () => {
  answer = (n) => (n < 3 ? { status: 503, body: 'busy' } : { status: 200 });
  notifier = await startNotifier(ctx);
  const id = await queueTest();
  await until(id, 'delivered');
  expect(await attemptsOf(id)).toMatchObject([
    { statusCode: 503, error: 'http_status', detail: 'busy' },
    { statusCode: 503, error: 'http_status' },
    { statusCode: 200, error: null },
  ]);
  expect(new Set(received.map((message) => message.headers['webhook-id']))).toEqual(new Set([id]));
  expect(new Set(received.map((message) => message.body)).size).toBe(1);
});

test('of a long answer the beginning is kept, cut between characters and without what PostgreSQL cannot hold', async () => {
  answer = (n) =>
    n === 1 ? { status: 503, body: `\u0000${'x'.repeat(497)}\u{1f600}${'y'.repeat(100)}` } : { status: 200 };
  notifier = await startNotifier(ctx);
  const id = await queueTest();
  await until(id, 'delivered');
  expect((await attemptsOf(id))[0]?.detail).toBe(`\ufffd${'x'.repeat(497)}…`);
});

test('after the last attempt it is dead for everyone to see, in the incident too', async () => {
  answer = () => ({ status: 500 });
  const monitor = await core.addMonitor();
  notifier = await startNotifier(ctx);
  await createIncidents(ctx).handle([alertEvent(monitor, 'firing', noon)]);
  const dead = await eventually('it is dead', async () =>
    (await ctx.db.select().from(notifications).where(eq(notifications.status, 'dead'))).at(0),
  );
  expect(await attemptsOf(dead.id)).toHaveLength(ATTEMPTS_MAX);
  const lines = await ctx.db
    .select()
    .from(incidentTimeline)
    .where(eq(incidentTimeline.incidentId, dead.incidentId ?? ''))
    .orderBy(asc(incidentTimeline.at), asc(incidentTimeline.id));
  expect(lines.filter((line) => line.kind === 'notification')).toMatchObject([
    {
      text: 'Could not yet tell On call that the incident opened: it answered HTTP 500.',
      data: { status: 'failed', channelId: channel.id, error: 'http_status', statusCode: 500 },
    },
    {
      text: 'Could not tell On call that the incident opened: it answered HTTP 500.',
      data: { status: 'dead', channelId: channel.id },
    },
    { text: 'It reached nobody: every message to a channel failed.', data: { reason: 'all_failed' } },
  ]);
});

test('a redirect is not followed', async () => {
  notifier = await startNotifier(ctx);
  answer = (n) => (n === 1 ? { status: 307, headers: { Location: url } } : { status: 200 });
  const redirected = await queueTest();
  await until(redirected, 'delivered');
  expect(await attemptsOf(redirected)).toMatchObject([{ statusCode: 307 }, { statusCode: 200 }]);
});

test('a private address is refused where the operator has not allowed it, and not tried again', async () => {
  const config = { ...ctx.config, allowPrivateTargets: false };
  notifier = await startNotifier({ ...ctx, config });
  const id = await queueTest();
  await until(id, 'dead');
  expect(received).toEqual([]);
  expect(await attemptsOf(id)).toMatchObject([{ error: 'address_refused', statusCode: null }]);
});

test('a channel that was switched off is not told, but can be tested', async () => {
  await ctx.sql`UPDATE channels SET enabled = true`;
  const monitor = await core.addMonitor();
  await createIncidents(ctx).handle([alertEvent(monitor, 'firing', noon)]);
  await ctx.sql`UPDATE channels SET enabled = false`;
  const id = await queueTest();
  notifier = await startNotifier(ctx);
  await until(id, 'delivered');
  const [dropped] = await ctx.db.select().from(notifications).where(eq(notifications.type, 'incident.opened'));
  await until(dropped?.id ?? '', 'dead');
  expect(received).toHaveLength(1);
  expect(await attemptsOf(dropped?.id ?? '')).toMatchObject([
    { error: 'not_sent', detail: 'the channel is switched off' },
  ]);
});

test('a channel hears of an incident in order: the end waits until the beginning was told', async () => {
  answer = (n) => (n < 3 ? { status: 500 } : { status: 200 });
  const monitor = await core.addMonitor();
  await createIncidents(ctx).handle([alertEvent(monitor, 'firing', noon), alertEvent(monitor, 'resolved', noon)]);
  notifier = await startNotifier(ctx);
  await eventually('both are told', () => received.length === 4);
  const types = received.map((message) => JSON.parse(message.body).type);
  expect(types).toEqual(['incident.opened', 'incident.opened', 'incident.opened', 'incident.resolved']);
});

test('the order holds while a clock stands still or goes back', async () => {
  const monitor = await core.addMonitor();
  let now = new Date();
  const still = { ...ctx, clock: { ...ctx.clock, now: () => now } };
  const organizationId = core.organizationId;
  const input = { organizationId, title: 'Seen', summary: '', severity: 'minor' as const, monitorId: monitor };
  const actor = { type: 'user' as const, id: null, name: 'Ada' };
  const { id } = await inUnit(still, (unit) => openIncident(unit, input, actor));
  const changes = ['acknowledge', 'resolve', 'reopen', 'resolve', 'reopen', 'acknowledge', 'resolve'] as const;
  for (const [index, type] of changes.entries()) {
    now = new Date(now.getTime() - (index % 2) * 50);
    await inUnit(still, (unit) => changeIncident(unit, id, { type }, actor));
  }
  notifier = await startNotifier(ctx);
  await eventually('all are told', () => received.length === 8);
  const types = received.map((message) => JSON.parse(message.body).type);
  const words = { acknowledge: 'incident.acknowledged', resolve: 'incident.resolved', reopen: 'incident.opened' };
  expect(types).toEqual(['incident.opened', ...changes.map((type) => words[type])]);
});

test('a message is due at once, whatever the clock of the process that wrote it says', async () => {
  const ahead = { ...ctx, clock: { ...ctx.clock, now: () => new Date(Date.now() + 3_600_000) } };
  const id = await inUnit(ahead, (unit) => enqueueTest(unit, channel.id, '0'.repeat(32)));
  notifier = await startNotifier(ctx);
  await eventually('it is delivered', async () => (await statusOf(id)) === 'delivered');
});

test('a process that died while sending: its lease ends and another one sends', async () => {
  const id = await queueTest();
  const [leased] = await leaseNotifications(ctx.sql, 10);
  expect(leased?.id).toBe(id);
  expect(await leaseNotifications(ctx.sql, 10)).toEqual([]);
  await ctx.sql`UPDATE notifications SET leased_until = now() - interval '1 second' WHERE id = ${id}`;
  notifier = await startNotifier(ctx);
  await until(id, 'delivered');
});

test('a process that was suspended while sending changes nothing that another has ended since', async () => {
  const monitor = await core.addMonitor();
  await createIncidents(ctx).handle([alertEvent(monitor, 'firing', noon)]);
  const lease = async () => {
    const [leased] = await leaseNotifications(ctx.sql, 1);
    if (leased === undefined) throw new Error('nothing is due');
    await ctx.sql`UPDATE notifications SET leased_until = leased_until - interval '1 minute'`;
    return leased;
  };
  const [suspended, alsoSuspended, other] = [await lease(), await lease(), await lease()];
  await deliver(ctx, { ...other, leasedUntil: new Date(other.leasedUntil.getTime() - 60_000) });
  await deliver(ctx, suspended);
  answer = () => ({ status: 500 });
  await deliver(ctx, alsoSuspended);
  expect(await statusOf(other.id)).toBe('delivered');
  expect(await attemptsOf(other.id)).toMatchObject([{ statusCode: 204 }, { statusCode: 204 }, { statusCode: 500 }]);
  const lines = await ctx.db
    .select({ text: incidentTimeline.text })
    .from(incidentTimeline)
    .where(and(eq(incidentTimeline.incidentId, other.incidentId ?? ''), eq(incidentTimeline.kind, 'notification')));
  expect(lines).toEqual([{ text: 'Told On call that the incident opened.' }]);
});

const reachOf = async (incidentId: string) => {
  const [row] = await ctx.db.select().from(incidents).where(eq(incidents.id, incidentId));
  return row === undefined ? undefined : presentIncident(row, null).reach;
};
const shownChannel = async (id = channel.id) => {
  const [row] = await ctx.db.select().from(channels).where(eq(channels.id, id));
  if (row === undefined) throw new Error('the channel is gone');
  return (await presentChannels(ctx, [row]))[0];
};
const linesOf = async (incidentId: string) => {
  const rows = await ctx.db
    .select({ kind: incidentTimeline.kind, text: incidentTimeline.text })
    .from(incidentTimeline)
    .where(eq(incidentTimeline.incidentId, incidentId))
    .orderBy(asc(incidentTimeline.at), asc(incidentTimeline.id));
  return rows.filter(({ kind }) => kind === 'notification').map(({ text }) => text);
};
const ada = { type: 'user' as const, id: null, name: 'Ada' };
const openByHand = (organizationId = core.organizationId) =>
  inUnit(ctx, (unit) =>
    openIncident(unit, { organizationId, title: 'Seen', summary: '', severity: 'minor', monitorId: null }, ada),
  );

test('2xx is delivered, whatever becomes of the body, and the end of the incident does not wait', async () => {
  const types: string[] = [];
  const cut = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (request) => {
      types.push(JSON.parse(String(request).split('\r\n\r\n')[1] ?? '').type);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok');
    });
  });
  await new Promise<void>((resolve) => cut.listen(0, '127.0.0.1', resolve));
  await ctx.sql`DELETE FROM channels`;
  channel = await core.addChannel(`http://127.0.0.1:${(cut.address() as AddressInfo).port}/`);
  const { id } = await openByHand();
  await inUnit(ctx, (unit) => changeIncident(unit, id, { type: 'resolve' }, ada));
  notifier = await startNotifier(ctx);
  const all = () => ctx.db.select().from(notifications).where(eq(notifications.incidentId, id));
  await eventually('both are delivered', async () => (await all()).every(({ status }) => status === 'delivered'));
  expect(types).toEqual(['incident.opened', 'incident.resolved']);
  expect((await all()).map(({ attempts }) => attempts)).toEqual([1, 1]);
  expect(await reachOf(id)).toMatchObject({ status: 'reached', at: expect.any(String), reason: null });
  cut.close();
});

test.each([
  [429, '120'],
  [503, '120'],
  [500, '120'],
  [503, new Date(Date.now() + 125_000).toUTCString()],
])('%i with Retry-After: %s is not tried again before', async (status, after) => {
  answer = () => ({ status, headers: { 'Retry-After': after } });
  notifier = await startNotifier(ctx);
  const id = await queueTest();
  await until(id, 'failed');
  const [row] = await ctx.sql<{ seconds: number }[]>`
    SELECT extract(epoch FROM n.next_attempt_at - a.at)::float AS seconds
    FROM notifications n JOIN notification_attempts a ON a.notification_id = n.id WHERE n.id = ${id}`;
  expect(row?.seconds).toBeGreaterThan(100);
  expect(row?.seconds).toBeLessThan(600);
});

test('410 Gone switches the channel off, and everything that shows it says so', async () => {
  answer = () => ({ status: 410 });
  const monitor = await core.addMonitor();
  await createIncidents(ctx).handle([alertEvent(monitor, 'firing', noon), alertEvent(monitor, 'resolved', noon)]);
  notifier = await startNotifier(ctx);
  const ended = await eventually('both have ended', async () => {
    const dead = await ctx.db
      .select()
      .from(notifications)
      .where(eq(notifications.status, 'dead'))
      .orderBy(asc(notifications.createdAt));
    return dead.length === 2 ? dead : undefined;
  });
  expect(received).toHaveLength(1);
  expect(await attemptsOf(ended[0]?.id ?? '')).toMatchObject([
    { statusCode: 410, error: 'http_status', detail: expect.stringContaining('the channel was switched off') },
  ]);
  expect(await attemptsOf(ended[1]?.id ?? '')).toMatchObject([{ error: 'not_sent' }]);
  expect(await shownChannel()).toMatchObject({
    enabled: false,
    disabledAt: expect.any(String),
    disabledReason: 'gone',
    failingSince: expect.any(String),
    lastError: 'http_status',
    lastStatusCode: 410,
  });
  const audit = await ctx.db.select().from(auditLog).where(eq(auditLog.targetId, channel.id));
  expect(audit).toMatchObject([
    {
      action: 'channel.disable',
      actorName: 'BlackTide',
      before: { enabled: true, disabledReason: null },
      after: { enabled: false, disabledReason: 'gone' },
    },
  ]);
  const incidentId = ended[0]?.incidentId ?? '';
  expect(await linesOf(incidentId)).toEqual([
    'Could not tell On call that the incident opened: it answered 410 Gone and was switched off.',
    'Nobody was told there that the incident is resolved: the channel is switched off.',
    'It reached nobody: every channel that is to be told is switched off.',
  ]);
  expect(await reachOf(incidentId)).toEqual({ status: 'nobody', at: null, reason: 'channels_disabled' });
});

test('410 of an address that was changed meanwhile does not switch the new one off', async () => {
  const id = await queueTest();
  const [leased] = await leaseNotifications(ctx.sql, 1);
  if (leased?.id !== id) throw new Error('nothing is due');
  answer = async () => {
    await ctx.sql`UPDATE channels SET revision = revision + 1`;
    return { status: 410 };
  };
  await deliver(ctx, leased);
  expect(await statusOf(id)).toBe('dead');
  expect(await shownChannel()).toMatchObject({ enabled: true, failingSince: null });
});

const faulty = {
  get allowPrivateTargets(): boolean {
    throw new Error('a fault of ours');
  },
};
test.each([
  ['secret_unreadable', sql`UPDATE channels SET secrets_sealed = 'v1.AAAA.AAAA'`],
  ['secret_unreadable', sql`UPDATE channels SET secrets_sealed = ''`],
  ['config_unreadable', sql`UPDATE channels SET config = '"gone"'`],
  ['config_unreadable', sql`UPDATE channels SET config = '{"url": 7}'`],
  ['config_unreadable', sql`UPDATE channels SET config = '{"url": "not a url"}'`],
  ['config_unreadable', sql`UPDATE channels SET config = '{"url": "ftp://127.0.0.1/"}'`],
  ['kind_unknown', sql`UPDATE channels SET type = 'pigeon'`],
  ['message_unreadable', sql`UPDATE notifications SET payload = 'null'`],
  ['message_unreadable', sql`UPDATE notifications SET payload = '["x"]'`],
  ['internal', null],
])('a message that cannot be prepared is an attempt with a code (%s), and ends like one', async (error, damage) => {
  const { id: incidentId } = await openByHand();
  if (damage !== null) await ctx.db.execute(damage);
  notifier = await startNotifier(
    damage === null ? { ...ctx, config: Object.create(ctx.config, Object.getOwnPropertyDescriptors(faulty)) } : ctx,
  );
  const [row] = await ctx.db.select().from(notifications).where(eq(notifications.incidentId, incidentId));
  const id = row?.id ?? '';
  await until(id, 'dead');
  const attempts = await attemptsOf(id);
  expect(attempts).toHaveLength(ATTEMPTS_MAX);
  expect(new Set(attempts.map((attempt) => attempt.error))).toEqual(new Set([error]));
  expect(received).toEqual([]);
  expect(await shownChannel()).toMatchObject({ lastError: error, failingSince: expect.any(String) });
  expect(await linesOf(incidentId)).toHaveLength(3);
  expect(await reachOf(incidentId)).toMatchObject({ status: 'nobody', reason: 'all_failed' });
});

test('the first failure stands in the timeline once, the channel says since when it fails, a delivery ends it', async () => {
  let fails = true;
  answer = () => ({ status: fails ? 503 : 200 });
  notifier = await startNotifier({ ...ctx, clock: { ...ctx.clock, random: (bytes) => new Uint8Array(bytes).fill(1) } });
  const { id } = await openByHand();
  const failing = await eventually('two attempts have failed', async () => {
    const [row] = await ctx.db.select().from(notifications).where(eq(notifications.incidentId, id));
    return row !== undefined && row.attempts >= 2 ? row : undefined;
  });
  expect(await linesOf(id)).toEqual(['Could not yet tell On call that the incident opened: it answered HTTP 503.']);
  const [first] = await attemptsOf(failing.id);
  expect(await shownChannel()).toMatchObject({
    failingSince: first?.at.toISOString(),
    lastError: 'http_status',
    lastStatusCode: 503,
  });
  expect(await reachOf(id)).toMatchObject({ status: 'pending' });
  fails = false;
  await until(failing.id, 'delivered');
  expect(await shownChannel()).toMatchObject({ failingSince: null, lastError: null, lastStatusCode: null });
  expect(await linesOf(id)).toHaveLength(2);
  expect(await reachOf(id)).toMatchObject({ status: 'reached' });
});

test('an incident without a channel to tell says so, and why', async () => {
  await ctx.sql`UPDATE channels SET enabled = false`;
  const off = await openByHand();
  expect(off.reach).toEqual({ status: 'nobody', at: null, reason: 'channels_disabled' });
  await ctx.sql`DELETE FROM channels`;
  const none = await openByHand();
  expect(none.reach).toEqual({ status: 'nobody', at: null, reason: 'no_channel' });
  expect(await linesOf(none.id)).toEqual(['It reached nobody: no channel is to be told about it.']);
  await core.addChannel(url);
  await inUnit(ctx, (unit) => changeIncident(unit, none.id, { type: 'resolve' }, ada));
  expect(await reachOf(none.id)).toMatchObject({ status: 'nobody' });
  const again = await inUnit(ctx, (unit) => changeIncident(unit, none.id, { type: 'reopen' }, ada));
  expect(again.reach).toEqual({ status: 'pending', at: null, reason: null });
});

test('a rule whose channels cannot be read tells the default ones', async () => {
  const monitorId = await core.addMonitor();
  const rule = { name: 'Rule', condition: {}, severity: 'major', recoveryCount: 1, notifyOnRecovery: true };
  await ctx.db
    .insert(alertRules)
    .values({ id: 'rul_odd', organizationId: core.organizationId, monitorId, channelIds: null, ...rule });
  await ctx.sql`UPDATE alert_rules SET channel_ids = '{"all": true}'`;
  await createIncidents(ctx).handle([alertEvent(monitorId, 'firing', noon, { ruleId: 'rul_odd' })]);
  const rows = await ctx.db.select().from(notifications);
  expect(rows).toMatchObject([{ channelId: channel.id, type: 'incident.opened' }]);
});

test('five hundred dead receivers of one organisation delay neither another one nor its own good channel', async () => {
  const dead = await startDeadReceivers();
  const [neighbour = ''] = await ctx.db
    .insert(organizations)
    .values({ id: 'org_neighbour', name: 'Neighbour' })
    .returning({ id: organizations.id })
    .then((rows) => rows.map(({ id }) => id));
  await ctx.sql`UPDATE channels SET organization_id = ${neighbour}`;
  for (let n = 0; n < 500; n++) await core.addChannel(dead.urls[n % dead.urls.length] ?? '');
  await openByHand();
  await openByHand();
  const own = await core.addChannel(`${url}/own`);
  notifier = await startNotifier(ctx);
  const inFlight = async () => {
    const [row] = await ctx.sql<{ all: number; most: number }[]>`
      SELECT coalesce(sum(held), 0)::int AS all, coalesce(max(held), 0)::int AS most FROM (
        SELECT count(*) AS held FROM notifications WHERE leased_until > now() GROUP BY channel_id) held`;
    return row ?? { all: 0, most: 0 };
  };
  await eventually('the dead receivers hold all that they may', async () => (await inFlight()).all >= 32);
  expect((await inFlight()).all).toBe(32);
  const endedBefore = (await ctx.sql`SELECT 1 FROM notification_attempts`).count;
  const { id } = await openByHand(neighbour);
  await eventually('the neighbour is told', async () => (await reachOf(id))?.status === 'reached');
  // No attempt at a dead receiver had to end first.
  expect((await ctx.sql`SELECT 1 FROM notification_attempts WHERE error IS NOT NULL`).count).toBe(endedBefore);
  expect((await inFlight()).most).toBeLessThanOrEqual(4);
  await ctx.sql`UPDATE channels SET failing_since = now() WHERE id <> ${own.id} AND organization_id <> ${neighbour}`;
  await inUnit(ctx, (unit) => enqueueTest(unit, own.id, '0'.repeat(32)));
  await eventually('its own good channel is told', () => received.length >= 2);
  await dead.close();
});

test('several processes share the outbox: each message is sent once', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, queueTest));
  const others = await Promise.all([startNotifier(ctx), startNotifier(ctx), startNotifier(ctx)]);
  await eventually(
    'all are sent',
    async () => (await ctx.sql`SELECT 1 FROM notifications WHERE status = 'delivered'`).count === 20,
  );
  await Promise.all(others.map((other) => other.close()));
  expect(received.map((message) => message.headers['webhook-id']).sort()).toEqual(ids.sort());
});

test('delays grow, are spread over their whole range and end', () => {
  const longest = new Uint8Array([255, 255, 255, 255]);
  const ceilings = Array.from({ length: ATTEMPTS_MAX }, (_, made) => retryDelayMs(made + 1, longest));
  expect(ceilings).toEqual([10_000, 30_000, 90_000, 270_000, 810_000, 2_430_000, 3_600_000, null]);
  expect(retryDelayMs(1, new Uint8Array(4))).toBe(0);
});

test('what an endpoint asks for is waited at least, and an hour at most', () => {
  const [least, most] = [new Uint8Array(4), new Uint8Array([255, 255, 255, 255])];
  const waits = [0, 5_000, 60_000, 30 * 60_000, 90 * 60_000, Number.POSITIVE_INFINITY];
  expect(waits.map((asked) => retryDelayMs(1, least, asked))).toEqual([
    1_000, 5_000, 60_000, 1_800_000, 3_600_000, 3_600_000,
  ]);
  expect(waits.map((asked) => retryDelayMs(1, most, asked))).toEqual([
    10_000, 10_000, 66_000, 1_980_000, 3_600_000, 3_600_000,
  ]);
  expect(retryDelayMs(ATTEMPTS_MAX, least, 5_000)).toBe(null);
});

test.each([
  ['120', 120_000],
  [' 7 ', 7_000],
  ['0', 0],
  ['Sun, 22 Nov 2026 12:02:00 GMT', 120_000],
  ['Sunday, 22-Nov-26 12:02:00 GMT', 120_000],
  ['Sun Nov 22 12:02:00 2026', 120_000],
  ['Sat, 21 Nov 2026 12:00:00 GMT', 0],
  ['9'.repeat(400), Number.POSITIVE_INFINITY],
  ['-5', null],
  ['1.5', null],
  ['soon', null],
  ['2026-11-22', null],
  ['Sun, 99 Nov 2026 12:02:00 GMT', null],
  ['', null],
  [undefined, null],
])('Retry-After: %s asks for %s ms', (header, wait) => {
  const read = readRetryAfter(header, noon);
  expect(read).toBe(wait);
});
