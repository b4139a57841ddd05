import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSecrets } from '#core/services/channels/stored.ts';
import { channels, notifications, publishQueue } from '#db/schema.ts';
import { CHANNEL, createSamples, MONITOR, type SampleObjects } from '#tests/core/sample-objects.ts';
import { type Browser, browserOf, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

let app: TestApp;
let ada: Browser;
let objects: SampleObjects;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  objects = await createSamples(app, ada, 'ada');
});
afterAll(() => app.close());

const call = (method: string, path: string, body?: object) =>
  ada.request(method, `/api/v1${path}`, body === undefined ? {} : { body });

async function secretsOf(id: string) {
  const [row] = await app.ctx.db.select().from(channels).where(eq(channels.id, id));
  if (row === undefined) throw new Error('the channel is gone');
  return openSecrets(app.ctx, row);
}

test('a channel gives its secret once; header values are hidden and kept', async () => {
  const headers = { Authorization: 'Bearer open-sesame' };
  const created = await call('POST', '/channels', { ...CHANNEL, config: { ...CHANNEL.config, headers } });
  const { id, config } = created.body;
  expect(config.secret).toMatch(/^whsec_/);
  expect(created.body.default).toBe(true);
  const shown = await call('GET', `/channels/${id}`);
  expect(shown.text).not.toMatch(/whsec_|open-sesame/);
  expect(Object.keys(shown.body.config.headers)).toEqual(['Authorization']);
  const [row] = await app.ctx.db.select().from(channels).where(eq(channels.id, id));
  expect(JSON.stringify(row)).not.toMatch(/whsec_|open-sesame/);

  const url = 'https://hooks.example.com/other';
  await call('PATCH', `/channels/${id}`, { config: { url, headers: { ...shown.body.config.headers, 'X-Team': 'a' } } });
  expect(await secretsOf(id)).toEqual({ secret: config.secret, headers: { ...headers, 'X-Team': 'a' } });
  await call('PATCH', `/channels/${id}`, { config: { headers: { Authorization: null } } });
  expect((await secretsOf(id)).headers).toEqual({ 'X-Team': 'a' });
});

test.each([
  ['https://hooks.example.com/services/T0/B0/open-sesame', 'https://hooks.example.com/••••••••'],
  ['https://hooks.example.com:8443/?token=open-sesame', 'https://hooks.example.com:8443/••••••••'],
  ['https://hooks.example.com/#open-sesame', 'https://hooks.example.com/••••••••'],
  ['https://hooks.example.com', 'https://hooks.example.com/'],
])('of the URL %s answers show %s; it can be replaced and not read', async (url, shown) => {
  const created = await call('POST', '/channels', { ...CHANNEL, config: { url } });
  const { id } = created.body;
  const stored = async () => (await app.ctx.db.select().from(channels).where(eq(channels.id, id)))[0]?.config;
  const renamed = await call('PATCH', `/channels/${id}`, { name: 'Other' });
  const sentBack = await call('PATCH', `/channels/${id}`, { config: { url: shown } });
  const read = await call('GET', `/channels/${id}`);
  for (const answer of [created, renamed, sentBack, read]) expect(answer.body.config.url).toBe(shown);
  expect(await stored()).toEqual({ url });
  const audited = await call('GET', '/audit-log?limit=3');
  for (const { text } of [created, renamed, sentBack, read, await call('GET', '/channels'), audited]) {
    expect(text).not.toContain('open-sesame');
  }
  // What is hidden is never taken for a URL.
  for (const hidden of ['https://other.example/••••••••', 'https://hooks.example.com/a/••••••••']) {
    const refused = await call('PATCH', `/channels/${id}`, { config: { url: hidden } });
    expect([refused.status, refused.body.errors[0].path]).toEqual([422, 'config.url']);
    expect((await call('POST', '/channels', { ...CHANNEL, config: { url: hidden } })).status).toBe(422);
  }
  await call('PATCH', `/channels/${id}`, { config: { url: 'https://hooks.example.com/new' } });
  expect(await stored()).toEqual({ url: 'https://hooks.example.com/new' });
});

test('header values are not sent to another host without being given again', async () => {
  const headers = { Authorization: 'Bearer open-sesame', 'X-Team': 'a' };
  const { id } = (await call('POST', '/channels', { ...CHANNEL, config: { ...CHANNEL.config, headers } })).body;
  const { config } = (await call('GET', `/channels/${id}`)).body;
  const moveTo = (url: string, given?: object) => call('PATCH', `/channels/${id}`, { config: { url, headers: given } });
  for (const given of [undefined, config.headers, { 'X-Team': 'b' }]) {
    const answer = await moveTo('https://evil.example/', given);
    expect([answer.status, answer.body.errors?.[0].path]).toEqual([422, 'config.headers.Authorization']);
  }
  expect((await moveTo('http://hooks.example.com/')).status).toBe(422);
  expect((await moveTo('https://next.example.com/', { Authorization: 'Bearer new', 'X-Team': null })).status).toBe(200);
  expect((await secretsOf(id)).headers).toEqual({ Authorization: 'Bearer new' });
});

test.each([
  ['webhook-id', 'x'],
  ['Content-Type', 'text/plain'],
  ['two words', 'x'],
  ['X-Lines', 'a\r\nX-Other: b'],
])('a webhook header %j that would break or forge a delivery is refused', async (name, value) => {
  const config = { ...CHANNEL.config, headers: { [name]: value } };
  const answer = await call('POST', '/channels', { ...CHANNEL, config });
  expect([answer.status, answer.body.errors[0].path]).toEqual([422, `config.headers.${name}`]);
});

test.each(['https://', 'HTTPS://', 'https:////', 'https:\\\\'])(
  'a webhook URL with credentials behind %s is refused: it would show them',
  async (start) => {
    const config = { ...CHANNEL.config, url: `${start}ada:open-sesame@example.com/hook` };
    const answer = await call('POST', '/channels', { ...CHANNEL, config });
    expect([answer.status, answer.body.errors[0].path]).toEqual([422, 'config.url']);
  },
);

test('an @ behind the host of a webhook URL is no credential', async () => {
  for (const url of ['https://example.com?mail=ada@example.com', 'https://example.com/@ada', 'https://example.com#@']) {
    expect((await call('POST', '/channels', { ...CHANNEL, config: { url } })).status).toBe(201);
  }
});

test('a channel that a later rule would refuse is still there to be read and mended', async () => {
  const { id } = (await call('POST', '/channels', CHANNEL)).body;
  const url = 'HTTPS://ada:open-sesame@example.com/hook';
  await app.ctx.db.update(channels).set({ config: { url } }).where(eq(channels.id, id));
  expect((await call('GET', '/channels')).status).toBe(200);
  expect((await call('PATCH', `/channels/${id}`, { name: 'Other' })).body.errors?.[0].path).toBe('config.url');
  const mended = await call('PATCH', `/channels/${id}`, { config: { url: 'https://example.com/hook' } });
  expect([mended.status, mended.body.config.url]).toEqual([200, 'https://example.com/••••••••']);
});

test('header names that differ only in case are refused: one of them would be sent', async () => {
  const headers = { 'X-Team': 'a', 'x-team': 'b' };
  for (const [path, body] of [
    ['/channels', { ...CHANNEL, config: { ...CHANNEL.config, headers } }],
    ['/monitors', { ...MONITOR, config: { ...MONITOR.config, headers } }],
    ['/monitors/test', { ...MONITOR, config: { ...MONITOR.config, headers } }],
  ] as const) {
    const refused = await call('POST', path, body);
    expect([refused.status, refused.body.errors?.[0].path]).toEqual([422, 'config.headers.x-team']);
  }
  for (const [kind, body] of [
    ['channels', CHANNEL],
    ['monitors', MONITOR],
  ] as const) {
    const { id } = (await call('POST', `/${kind}`, { ...body, config: { ...body.config, headers: { 'X-Team': 'a' } } }))
      .body;
    const refused = await call('PATCH', `/${kind}/${id}`, { config: { headers: { 'x-team': 'b' } } });
    expect([refused.status, refused.body.errors?.[0].path]).toEqual([422, 'config.headers.x-team']);
    const renamed = await call('PATCH', `/${kind}/${id}`, { config: { headers: { 'x-team': 'b', 'X-Team': null } } });
    expect([renamed.status, Object.keys(renamed.body.config.headers)]).toEqual([200, ['x-team']]);
  }
});

test('a test notification is on the road of all others and shows in the deliveries', async () => {
  const sent = await call('POST', `/channels/${objects.channel}/test`);
  expect(sent.status).toBe(202);
  const { data } = (await call('GET', `/channels/${objects.channel}/deliveries`)).body;
  expect(data[0]).toMatchObject({ id: sent.body.deliveryId, type: 'test', status: 'pending', attempts: [] });
  expect((await call('GET', `/channels/${objects.channel}`)).body.lastDelivery.status).toBe('pending');
});

test('every channel of a list shows its own newest delivery', async () => {
  const [told, quiet] = [
    (await call('POST', '/channels', CHANNEL)).body.id,
    (await call('POST', '/channels', CHANNEL)).body.id,
  ];
  const sent = [];
  for (let count = 0; count < 2; count++) sent.push((await call('POST', `/channels/${told}/test`)).body.deliveryId);
  const [newest = ''] = sent.toSorted().reverse();
  await app.ctx.db.update(notifications).set({ status: 'dead' }).where(eq(notifications.id, newest));
  const { data } = (await call('GET', '/channels?limit=200')).body;
  const shown = new Map(data.map((one: { id: string; lastDelivery: unknown }) => [one.id, one.lastDelivery]));
  expect([shown.get(told), shown.get(quiet)]).toEqual([{ status: 'dead', at: expect.any(String) }, null]);
});

test('a channel that an alert rule names cannot be deleted under it', async () => {
  const { id } = (await call('POST', '/channels', CHANNEL)).body;
  await call('PATCH', `/alert-rules/${objects.alertRule}`, { channelIds: [id] });
  expect((await call('DELETE', `/channels/${id}`)).body.code).toBe('conflict');
  await call('PATCH', `/alert-rules/${objects.alertRule}`, { channelIds: null });
  expect((await call('DELETE', `/channels/${id}`)).status).toBe(204);
});

test('alert rules are listed by monitor and stay with it', async () => {
  const listed = await call('GET', `/alert-rules?monitorId=${objects.monitor}`);
  expect(listed.body.data).toMatchObject([{ id: objects.alertRule, recoveryCount: 1, severity: 'critical' }]);
  const other = (await call('POST', '/monitors', { name: 'B', type: 'http', config: { url: 'https://b.example' } }))
    .body;
  const moved = await call('PATCH', `/alert-rules/${objects.alertRule}`, { monitorId: other.id });
  expect(moved.body.errors[0].path).toBe('monitorId');
});

test('an incident is opened, acknowledged, noted, updated and resolved, and its timeline tells by whom', async () => {
  const { id } = (await call('POST', '/incidents', { title: 'Checkout is slow', severity: 'minor' })).body;
  expect((await call('POST', `/incidents/${id}/acknowledge`)).body.status).toBe('acknowledged');
  expect((await call('POST', `/incidents/${id}/notes`, { text: 'It is the cache.' })).status).toBe(201);
  const update = await call('POST', `/incidents/${id}/updates`, { status: 'identified', body: 'We found it.' });
  expect(update.body.publicStatus).toBe('identified');
  expect((await call('POST', `/incidents/${id}/resolve`)).body.status).toBe('resolved');
  expect((await call('POST', `/incidents/${id}/reopen`)).body.status).toBe('open');
  const { timeline } = (await call('GET', `/incidents/${id}`)).body;
  expect(timeline.map((entry: { kind: string }) => entry.kind)).toEqual([
    'opened',
    'acknowledged',
    'note',
    'update',
    'resolved',
    'reopened',
  ]);
  expect(timeline[2]).toMatchObject({ text: 'It is the cache.', actor: { type: 'user', name: 'ada@example.com' } });
  expect((await call('GET', '/incidents?status=open&severity=minor')).body.data).toMatchObject([{ id }]);
});

test('a status page keeps the components whose ids come along, and tells the edge of every change', async () => {
  const path = `/status-pages/${objects.statusPage}`;
  const first = (await call('GET', path)).body;
  expect(first.url).toBe('http://localhost:8787/status/ada');
  const [kept] = first.components;
  const changed = await call('PATCH', path, { components: [{ name: 'New' }, { ...kept, group: 'Core' }] });
  expect(changed.body.components).toMatchObject([{ name: 'New' }, { id: kept.id, group: 'Core' }]);
  expect(changed.body.version).toBeGreaterThan(first.version);

  const added = await call('POST', `${path}/components`, { name: 'Docs', description: 'The manual' });
  expect(added.status).toBe(201);
  const patched = await call('PATCH', `${path}/components/${added.body.id}`, { description: null, name: 'Manual' });
  expect(patched.body).toEqual({ ...added.body, name: 'Manual', description: null });
  expect((await call('DELETE', `${path}/components/${added.body.id}`)).status).toBe(204);
  const names = (await call('GET', `${path}/components`)).body.data.map((one: { name: string }) => one.name);
  expect(names).toEqual(['New', 'Shop']);

  await call('PATCH', path, { slug: 'ada-2' });
  const queued = await app.ctx.db.select().from(publishQueue);
  expect(queued.map(({ kind, key }) => `${kind} ${key}`)).toEqual(
    expect.arrayContaining(['page_removed ada', 'page ada-2']),
  );
  expect((await call('POST', '/status-pages', { name: 'x', slug: 'x', visibility: 'private' })).body.code).toBe(
    'not_supported',
  );
});

test('the audit log holds who did what from where, in one transaction with it', async () => {
  const { id } = (await call('POST', '/channels', CHANNEL)).body;
  const { data } = (await call('GET', '/audit-log?limit=1')).body;
  expect(data[0]).toMatchObject({
    action: 'channel.create',
    target: { type: 'channel', id },
    actor: { type: 'user', name: 'ada@example.com' },
    before: null,
    after: { id },
  });
});

test('the same Idempotency-Key does the work once and gives the same answer, secret and all', async () => {
  const headers = { 'Idempotency-Key': 'deploy-42' };
  const send = () => ada.request('POST', '/api/v1/channels', { body: CHANNEL, headers });
  const racing = await Promise.all([send(), send(), send()]);
  const done = racing.filter((answer) => answer.status === 201);
  expect(racing.every((answer) => answer.status === 201 || answer.body.code === 'conflict')).toBe(true);
  const again = await send();
  expect([again.status, again.body]).toEqual([201, done[0]?.body]);
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  const made = (await call('GET', '/channels?limit=200')).body.data;
  expect(made.filter((one: { id: string }) => one.id === again.body.id)).toHaveLength(1);
  app.advance(24 * 60 * 60 * 1000 + 1000);
  await ada.request('POST', '/api/v1/auth/refresh');
  expect((await send()).body.id).not.toBe(again.body.id);
});

test('another person, or another key, has Idempotency-Keys of their own', async () => {
  const headers = { 'Idempotency-Key': 'shared' };
  const { body: mine } = await ada.request('POST', '/api/v1/channels', { body: CHANNEL, headers });
  const bob = await app.signUp('bob@example.com');
  const { body: his } = await bob.request('POST', '/api/v1/channels', { body: CHANNEL, headers });
  const { body: key } = await call('POST', '/api-keys', { name: 'k', scopes: ['write'] });
  const asKey = { ...headers, Authorization: `Bearer ${key.key}` };
  const { body: program } = await app.request('POST', '/api/v1/channels', { body: CHANNEL, headers: asKey });
  expect(new Set([mine.id, his.id, program.id]).size).toBe(3);
});

test('a request that outlived its claim leaves the answer of the one that took its place', async () => {
  const headers = { 'Idempotency-Key': 'slow' };
  const [arrived, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const checkNow = async () => {
    arrived.resolve();
    await release.promise;
    return { scheduledAt: '2026-01-01T00:00:00.000Z' };
  };
  const slow = browserOf(app.variant({ edge: { ...app.ctx.edge, checkNow } }));
  for (const [name, value] of ada.cookies) slow.cookies.set(name, value);
  const path = `/api/v1/monitors/${objects.monitor}/check`;
  const first = slow.request('POST', path, { headers });
  await arrived.promise;
  const meanwhile = await ada.request('POST', path, { headers });
  expect([meanwhile.body.code, meanwhile.headers.get('Retry-After')]).toEqual(['conflict', '1']);
  const otherwise = await ada.request('POST', path, { body: { else: 1 }, headers });
  expect(otherwise.body.code).toBe('idempotency_conflict');
  app.advance(121_000);
  const later = { scheduledAt: '2026-02-02T00:00:00.000Z' };
  const quick = browserOf(app.variant({ edge: { ...app.ctx.edge, checkNow: async () => later } }));
  for (const [name, value] of ada.cookies) quick.cookies.set(name, value);
  expect((await quick.request('POST', path, { headers })).body).toEqual(later);
  release.resolve();
  expect((await first).body.scheduledAt).toBe('2026-01-01T00:00:00.000Z');
  expect((await quick.request('POST', path, { headers })).body).toEqual(later);
  app.advance(-121_000);
});

test('a request that failed leaves its Idempotency-Key free', async () => {
  const headers = { 'Idempotency-Key': 'retry' };
  const send = (body: object) => ada.request('POST', '/api/v1/channels', { body, headers });
  expect((await send({ name: 'x' })).status).toBe(422);
  expect((await send(CHANNEL)).status).toBe(201);
});
