import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMPRESSED_BYTES_MIN } from '#domain/base/content-coding.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { freePort } from '#tests/harness/free-port.ts';
import { startApi } from './server.ts';

/** What leaves the API compressed, over real sockets: as many bytes as it says, and the same content. */
let app: TestApp;
let ada: Browser;
let origin: string;
let server: { close(): Promise<void> };
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  const apiPort = await freePort();
  origin = `http://127.0.0.1:${apiPort}`;
  server = await startApi({ ...app.ctx, config: { ...app.ctx.config, apiPort } });
  for (const name of ['Shop', 'Search', 'Orders', 'Accounts']) await newMonitor(name);
});
afterAll(async () => {
  await server.close();
  await app.close();
});

async function newMonitor(name: string): Promise<string> {
  const config = { url: 'https://shop.example/', headers: { 'X-Long': 'h'.repeat(COMPRESSED_BYTES_MIN) } };
  const made = await ada.request('POST', '/api/v1/monitors', { body: { name, type: 'http', config } });
  return made.body.id;
}

/** The answer as it came: fetch would decompress it and hide the coding's bytes. */
async function read(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const cookie = [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return new Promise<{ status: number; headers: Headers; body: Buffer }>((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers: { Cookie: cookie, ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: new Headers(answer.headers as Record<string, string>),
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.once('error', reject).end();
  });
}

const LIST = '/api/v1/monitors';

test('a list is a gzip of the same content, announced with its length', async () => {
  const plain = await read(LIST);
  const zipped = await read(LIST, { 'Accept-Encoding': 'gzip, deflate, br' });
  expect([plain.headers.get('content-encoding'), zipped.headers.get('content-encoding')]).toEqual([null, 'gzip']);
  expect(JSON.parse(gunzipSync(zipped.body).toString())).toEqual(JSON.parse(plain.body.toString()));
  expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
  for (const { headers, body } of [plain, zipped]) {
    expect(headers.get('content-length')).toBe(String(body.length));
    expect(headers.get('vary')).toBe('Accept-Encoding');
  }
  const head = await read(LIST, { 'Accept-Encoding': 'gzip' }, 'HEAD');
  expect([head.headers.get('content-encoding'), head.body.length]).toEqual(['gzip', 0]);
});

test.each([
  ['no coding is asked for', {}],
  ['gzip is excluded', { 'Accept-Encoding': 'gzip;q=0, *' }],
  ['no compression is liked better', { 'Accept-Encoding': 'gzip;q=0.5, identity' }],
  ['another site makes the browser ask', { 'Accept-Encoding': 'gzip', 'Sec-Fetch-Site': 'cross-site' }],
  ['a neighbour of this site makes the browser ask', { 'Accept-Encoding': 'gzip', 'Sec-Fetch-Site': 'same-site' }],
])('nothing is compressed where %s', async (_, headers) => {
  const answer = await read(LIST, headers);
  expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, null]);
  expect(answer.headers.get('vary')).toBe('Accept-Encoding');
});

test.each(['same-origin', 'none'])('a browser that asks by itself (%s) gets it compressed', async (site) => {
  const answer = await read(LIST, { 'Accept-Encoding': 'gzip', 'Sec-Fetch-Site': site });
  expect(answer.headers.get('content-encoding')).toBe('gzip');
});

test('answers from the smallest size on are compressed, smaller ones only where nothing else is accepted', async () => {
  const small = await read('/api/v1/channels', { 'Accept-Encoding': 'gzip' });
  expect([small.headers.get('content-encoding'), small.headers.get('vary')]).toEqual([null, 'Accept-Encoding']);
  const wanted = await read('/api/v1/channels', { 'Accept-Encoding': 'gzip, identity;q=0' });
  expect(wanted.headers.get('content-encoding')).toBe('gzip');
  expect(JSON.parse(gunzipSync(wanted.body).toString())).toEqual(JSON.parse(small.body.toString()));
});

test('who accepts nothing that there is is told before anything happens', async () => {
  const body = { name: 'Never', type: 'webhook', config: { url: 'https://hooks.example/never' } };
  const refused = await ada.request('POST', '/api/v1/channels', { body, headers: { 'Accept-Encoding': '*;q=0' } });
  expect([refused.status, refused.body.code]).toEqual([406, 'not_acceptable']);
  expect((await ada.request('GET', '/api/v1/channels')).text).not.toContain('Never');
});

test('an answer that signs in is not compressed', async () => {
  const login = { email: 'ada@example.com', password: 'correct horse battery' };
  const headers = { 'Accept-Encoding': 'gzip, identity;q=0' };
  const answer = await app.request('POST', '/api/v1/auth/login', { body: login, headers });
  expect(answer.headers.getSetCookie().length).toBeGreaterThan(0);
  expect(answer.headers.get('content-encoding')).toBeNull();
});

test('an object that was read compressed can be changed with its tag, once', async () => {
  const path = `/api/v1/monitors/${await newMonitor('Tagged')}`;
  const tag = (await read(path, { 'Accept-Encoding': 'gzip' })).headers.get('etag') ?? '';
  expect(tag).toMatch(/^"\d+-gzip"$/);
  expect((await read(path)).headers.get('etag')).not.toBe(tag);
  const rename = () => ada.request('PATCH', path, { body: { name: 'Renamed' }, headers: { 'If-Match': tag } });
  expect((await rename()).status).toBe(200);
  expect((await rename()).body.code).toBe('precondition_failed');
});

test('the live stream is not held back by compression', async () => {
  const cookie = [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const ending = new AbortController();
  const stream = await fetch(`${origin}/api/v1/stream`, {
    headers: { Cookie: cookie, Accept: 'text/event-stream', 'Accept-Encoding': 'gzip' },
    signal: ending.signal,
  });
  expect(stream.headers.get('content-encoding')).toBeNull();
  const first = await stream.body?.getReader().read();
  expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^data: \{"type":"hello"/);
  ending.abort();
});

describe('the docs', () => {
  test.each(['/api/v1/openapi.json', '/api/v1/docs/swagger-ui-bundle.js', '/api/v1/docs/swagger-ui.css'])(
    '%s is sent compressed, and not again to whoever has it',
    async (path) => {
      const plain = await read(path);
      const zipped = await read(path, { 'Accept-Encoding': 'gzip' });
      expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
      expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
      const tags = [plain, zipped].map(({ headers }) => headers.get('etag') ?? '');
      expect(new Set(tags).size).toBe(2);
      const again = await read(path, { 'Accept-Encoding': 'gzip', 'If-None-Match': tags[1] ?? '' });
      expect([again.status, again.headers.get('etag'), again.body.length]).toEqual([304, tags[1], 0]);
      // It would replace the stored policy, with which a page runs its scripts.
      expect(again.headers.get('content-security-policy')).toBeNull();
    },
  );
});
