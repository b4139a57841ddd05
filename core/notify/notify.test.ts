import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { and, asc, eq } from 'drizzle-orm';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { inUnit } from '#core/unit-of-work.ts';
import { incidentTimeline, notificationAttempts, notifications } from '#db/schema.ts';
import { alertEvent, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import type { CoreContext } from '../context.ts';
import { changeIncident, openIncident } from '../incidents/change.ts';
import { createIncidents } from '../incidents/consumer.ts';
import { deliver } from './deliver.ts';
import { enqueueTest } from './enqueue.ts';
import { startNotifier } from './notifier.ts';
import { leaseNotifications } from './outbox.ts';
import { ATTEMPTS_MAX, retryDelayMs } from './retry.ts';

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
let answer: (n: number) => { status: number; headers?: Record<string, string>; body?: string };
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
      const { status, headers, body: text } = answer(received.length);
      response.writeHead(status, headers).end(text);
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
    .where(eq(incidentTimeline.incidentId, dead.incidentId ?? ''));
  expect(lines.find((line) => line.kind === 'notification')).toMatchObject({
    text: 'Could not tell On call: incident.opened.',
    data: { status: 'dead', channelId: channel.id },
  });
});

test('410 Gone ends it at once, and a redirect is not followed', async () => {
  notifier = await startNotifier(ctx);
  answer = () => ({ status: 410 });
  const gone = await queueTest();
  await until(gone, 'dead');
  expect(await attemptsOf(gone)).toMatchObject([{ statusCode: 410 }]);
  answer = (n) => (n === 2 ? { status: 307, headers: { Location: url } } : { status: 200 });
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
  expect(lines).toEqual([{ text: 'Told On call: incident.opened.' }]);
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
