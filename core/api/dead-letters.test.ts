import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIngest } from '#core/ingest/consumer.ts';
import { isolating } from '#core/streams/isolate.ts';
import { MONITOR, parkMessage } from '#tests/core/sample-objects.ts';
import { type Browser, browserOf, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { completed, resultAt } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';

let app: TestApp;
let ada: Browser;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  await app.ctx.streams.consume(isolating(app.ctx, createIngest(app.ctx)));
});
afterAll(() => app.close());

const PATH = '/api/v1/dead-letters';
const listed = async (browser = ada) => (await browser.request('GET', `${PATH}?limit=200`)).body.data;
const shown = async (id: string) => (await listed()).find((one: { id: string }) => one.id === id);
const replay = (id: string) => ada.request('POST', `${PATH}/${id}/replay`);

async function newMonitor(): Promise<string> {
  return (await ada.request('POST', '/api/v1/monitors', { body: MONITOR })).body.id;
}

test('what the edge said and nobody understood is listed, newest first, without what looks like a secret', async () => {
  const strange = {
    v: 1,
    kind: 'check.guessed',
    headers: { Authorization: 'Basic YTpi' },
    url: 'https://a:b@c.example/',
  };
  await app.ctx.streams.publish([strange, { v: 7, note: 'sent with Bearer abc.def' }, 'no object']);
  const first = await ada.request('GET', `${PATH}?limit=2`);
  const second = await ada.request('GET', `${PATH}?limit=2&cursor=${first.body.nextCursor}`);
  const all = [...first.body.data, ...second.body.data];
  expect(all.map((one) => one.body)).toEqual([
    'no object',
    { v: 7, note: 'sent with Bearer ••••••••' },
    { ...strange, headers: { Authorization: '••••••••' }, url: 'https://••••••••@c.example/' },
  ]);
  expect(all[2]).toEqual({
    id: expect.stringMatching(/^dlt_\d{26}$/),
    at: expect.any(String),
    subject: 'unknown',
    consumer: 'ingest',
    reason: expect.stringContaining('kind'),
    replayedAt: null,
    bodyBytes: JSON.stringify(strange).length,
    body: expect.anything(),
  });
  expect(second.body.nextCursor).toBeNull();
  expect((await ada.request('GET', `${PATH}?cursor=${Buffer.from('1').toString('base64url')}`)).status).toBe(400);
});

test('a large body is not shown, its size is', async () => {
  const id = await parkMessage(app, { text: 'x'.repeat(20_000) });
  expect(await shown(id)).toMatchObject({ body: null, bodyBytes: 20_011 });
});

test('what can be used now arrives by a replay, once, however often it is replayed', async () => {
  const monitor = await newMonitor();
  const result = resultAt(monitor, 'eu-west', new Date());
  const id = await parkMessage(app, completed(result));
  const [answer, ...others] = await Promise.all([replay(id), replay(id), replay(id)]);
  expect([answer.status, ...others.map(({ status }) => status)]).toEqual([202, 202, 202]);
  expect((await replay(id)).body).toMatchObject({ id, replayedAt: expect.any(String) });
  const { data } = (await ada.request('GET', `/api/v1/monitors/${monitor}/results`)).body;
  expect(data).toEqual([result]);
  const { data: audit } = (await ada.request('GET', '/api/v1/audit-log?limit=1')).body;
  expect(audit).toMatchObject([{ action: 'dead_letter.replay', target: { type: 'dead_letter', id } }]);
});

test('a message of the stream that was refused as a whole is a batch: its events arrive by a replay', async () => {
  const monitor = await newMonitor();
  const results = ['eu-west', 'us-east'].map((location) => resultAt(monitor, location as 'eu-west', new Date()));
  const id = await parkMessage(app, { v: 1, shard: 'shd_1', events: results.map(completed) });
  expect((await replay(id)).body).toMatchObject({ id, replayedAt: expect.any(String) });
  const { data } = (await ada.request('GET', `/api/v1/monitors/${monitor}/results`)).body;
  expect(data).toHaveLength(2);
});

test('what cannot be used this time either waits again, once, with the new reason', async () => {
  const id = await parkMessage(app, { ...completed(resultAt(await newMonitor(), 'eu-west', new Date())), v: 2 });
  const before = await shown(id);
  const answer = await replay(id);
  expect(answer.body).toMatchObject({ id, replayedAt: null });
  expect(answer.body.reason).not.toBe(before.reason);
  expect(
    (await listed()).filter((one: { body: unknown }) => JSON.stringify(one.body) === JSON.stringify(before.body)),
  ).toHaveLength(1);
});

test('while the road is closed a replay answers 503 and the message goes on waiting', async () => {
  const id = await parkMessage(app, { v: 1, kind: 'later' });
  const streams = { ...app.ctx.streams, publish: () => Promise.reject(new Error('no')) };
  const closed = browserOf(app.variant({ streams }));
  for (const [name, value] of ada.cookies) closed.cookies.set(name, value);
  expect((await closed.request('POST', `${PATH}/${id}/replay`)).body.code).toBe('unavailable');
  expect((await shown(id)).replayedAt).toBeNull();
});

test('a replay is sent as what comes again, for a road that drops what it has just seen', async () => {
  const id = await parkMessage(app, { v: 1, kind: 'again' });
  const sent: unknown[] = [];
  const streams = { ...app.ctx.streams, publish: async (...args: unknown[]) => void sent.push(args) };
  const browser = browserOf(app.variant({ streams }));
  for (const [name, value] of ada.cookies) browser.cookies.set(name, value);
  expect((await browser.request('POST', `${PATH}/${id}/replay`)).status).toBe(202);
  expect(sent).toEqual([[[{ v: 1, kind: 'again' }], { again: true }]]);
});

test('a dead letter is deleted for good', async () => {
  const id = await parkMessage(app, { v: 1, kind: 'nonsense' });
  expect((await ada.request('DELETE', `${PATH}/${id}`)).status).toBe(204);
  expect((await replay(id)).status).toBe(404);
  expect((await ada.request('DELETE', `${PATH}/${id}`)).status).toBe(404);
  expect((await ada.request('DELETE', `${PATH}/dlt_99999999999999999999999999`)).status).toBe(404);
});

test("only the installation's owner sees them: in a browser, or by an admin's key of their own", async () => {
  const id = await parkMessage(app, { v: 1, kind: 'private' });
  const keyOf = async (browser: Browser, scope: string) => {
    const { body } = await browser.request('POST', '/api/v1/api-keys', { body: { name: scope, scopes: [scope] } });
    return { headers: { Authorization: `Bearer ${body.key}` } };
  };
  const bob = await app.signUp('bob@example.com');
  const strangers = [
    (method: string, path: string) => bob.request(method, path),
    async (method: string, path: string) => app.request(method, path, await keyOf(bob, 'admin')),
  ];
  for (const send of strangers) {
    expect((await send('GET', PATH)).body.code).toBe('forbidden');
    expect((await send('POST', `${PATH}/${id}/replay`)).body.code).toBe('not_found');
    expect((await send('DELETE', `${PATH}/${id}`)).body.code).toBe('not_found');
  }
  expect((await app.request('GET', PATH, await keyOf(ada, 'admin'))).status).toBe(200);
  expect((await app.request('GET', PATH, await keyOf(ada, 'write'))).body.code).toBe('insufficient_scope');
});
