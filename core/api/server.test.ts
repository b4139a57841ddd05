import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LiveEvent } from '#domain/api/live.ts';
import { type Browser, browserOf, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { startApi } from './server.ts';

/** The stream and the server, over real sockets. */
let app: TestApp;
let ada: Browser;
let organizationId: string;
let port: number;
let server: { close(): Promise<void> };
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  organizationId = (await ada.request('GET', '/api/v1/auth/me')).body.organization.id;
  port = await freePort();
  server = await startApi(contextOn(port));
});
afterAll(async () => {
  await server.close();
  await app.close();
});

function contextOn(apiPort: number) {
  return { ...app.ctx, config: { ...app.ctx.config, apiPort } };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function event(monitorId: string): LiveEvent {
  const at = new Date().toISOString();
  return { type: 'monitor.status', data: { monitorId, status: 'up', previous: 'pending', since: at } };
}

function cookies(): string {
  return [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** Opens the stream; `next` waits for the next event, `closed` for the end. */
async function openSocket(headers: Record<string, string>) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/stream`, { headers });
  const waiting: ((event: LiveEvent) => void)[] = [];
  const arrived: LiveEvent[] = [];
  socket.on('message', (data) => {
    const parsed = JSON.parse(String(data)) as LiveEvent;
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(parsed);
    else waiter(parsed);
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  const next = () => {
    const ready = arrived.shift();
    return ready === undefined ? new Promise<LiveEvent>((resolve) => waiting.push(resolve)) : Promise.resolve(ready);
  };
  return { socket, next, closed };
}

test('a WebSocket gets the events of its own organisation and of no other', async () => {
  const { socket, next } = await openSocket({ Cookie: cookies() });
  expect((await next()).type).toBe('hello');
  app.ctx.live.emit('org_of_somebody_else', [event('mon_other')]);
  app.ctx.live.emit(organizationId, [event('mon_own')]);
  expect(await next()).toMatchObject({ type: 'monitor.status', data: { monitorId: 'mon_own' } });
  socket.close();
});

test('a WebSocket without a sign-in, or from a foreign page, is not opened', async () => {
  await expect(openSocket({})).rejects.toThrow('401');
  await expect(openSocket({ Cookie: cookies(), Origin: 'https://evil.example' })).rejects.toThrow('403');
});

test('server-sent events carry the same', async () => {
  const key = await ada.request('POST', '/api/v1/api-keys', { body: { name: 'sse', scopes: ['read'] } });
  const abort = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/stream`, {
    headers: { Authorization: `Bearer ${key.body.key}`, Accept: 'text/event-stream' },
    signal: abort.signal,
  });
  expect(response.headers.get('Content-Type')).toMatch('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const hello = await reader?.read();
  expect(hello?.value).toMatch(/^data: \{"type":"hello"/);
  app.ctx.live.emit(organizationId, [event('mon_own')]);
  expect((await reader?.read())?.value).toMatch(/^data: .*"mon_own".*\n\n$/);
  abort.abort();
});

const sse = { Accept: 'text/event-stream' };
const streamUrl = () => `http://127.0.0.1:${port}/api/v1/stream`;

test('a stream ends soon after its session was signed out or its key was revoked', async () => {
  const ownPort = await freePort();
  const own = await startApi(contextOn(ownPort));
  const other = browserOf(app.request);
  const login = { email: 'ada@example.com', password: 'correct horse battery' };
  await other.request('POST', '/api/v1/auth/login', { body: login });
  const cookie = [...other.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const socket = new WebSocket(`ws://127.0.0.1:${ownPort}/api/v1/stream`, { headers: { Cookie: cookie } });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('message', resolve));
  const key = await ada.request('POST', '/api/v1/api-keys', { body: { name: 'short', scopes: ['read'] } });
  const headers = { ...sse, Authorization: `Bearer ${key.body.key}` };
  const events = await fetch(`http://127.0.0.1:${ownPort}/api/v1/stream`, { headers });
  await other.request('POST', '/api/v1/auth/logout');
  await ada.request('DELETE', `/api/v1/api-keys/${key.body.id}`);
  expect(await closed).toBe(4401);
  expect(await events.text()).toMatch(/^data: \{"type":"hello"/);
  await own.close();
});

test('a HEAD request opens no stream', async () => {
  const streams = async () => Number(/api_streams (\d+)/.exec((await app.request('GET', '/metrics')).text)?.[1] ?? 0);
  const before = await streams();
  for (let call = 0; call < 3; call++) {
    const head = await fetch(streamUrl(), { method: 'HEAD', headers: { ...sse, Cookie: cookies() } });
    expect([head.status, head.headers.get('Content-Type')]).toEqual([200, 'text/event-stream']);
  }
  // Streams of earlier tests may still be closing.
  expect(await streams()).toBeLessThanOrEqual(before);
});

test('one organisation does not take the streams of all the others', async () => {
  const ownPort = await freePort();
  const own = await startApi(contextOn(ownPort), { organizationStreamsMax: 1 });
  const bob = await app.signUp('bob@example.com');
  const open = (browser: Browser) => {
    const Cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return fetch(`http://127.0.0.1:${ownPort}/api/v1/stream`, { headers: { ...sse, Cookie } });
  };
  const answers = [await open(ada), await open(ada), await open(bob)];
  expect(answers.map(({ status }) => status)).toEqual([200, 503, 200]);
  await Promise.all(answers.map(({ body }) => body?.cancel()));
  await own.close();
});

/** Sends raw bytes; resolves with all bytes received. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8').on('data', (data) => {
      text += data;
    });
    socket.on('end', () => resolve(text)).on('error', reject);
  });
}

test.each([
  ['no HTTP', 'NONSENSE\r\n\r\n'],
  ['a head of 20 KB', `GET /api/v1/monitors HTTP/1.1\r\nHost: localhost\r\nIf-Match: ${'x'.repeat(20_000)}\r\n\r\n`],
  [
    'an upgrade in name only',
    'GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nCONNECTION\r\n\r\n',
  ],
])('%s is answered with a problem', async (_, bytes) => {
  const withCookie = bytes.replace('CONNECTION', `Connection: close\r\nCookie: ${cookies()}`);
  const answer = await sendRaw(withCookie);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toMatch(/content-type: application\/problem\+json\r\n/i);
  expect(answer).toMatch(/"code":"malformed_request",.*"traceId":"[0-9a-f]{32}"/);
});

test('callers behind a proxy of ours are counted apart, and audited by their own addresses', async () => {
  // A fixed clock refills no token meanwhile.
  const now = app.ctx.clock.now();
  const startTrusting = async (trustedProxies: string[]) => {
    const ctx = contextOn(await freePort());
    const clock = { ...ctx.clock, now: () => now };
    const { close } = await startApi({ ...ctx, clock, config: { ...ctx.config, trustedProxies } });
    return { close, auth: `http://127.0.0.1:${ctx.config.apiPort}/api/v1/auth` };
  };
  const trusting = await startTrusting(['127.0.0.0/8']);
  const doubting = await startTrusting([]);
  const left = async (auth: string, forwardedFor: string) => {
    const answer = await fetch(`${auth}/setup`, { headers: { 'X-Forwarded-For': forwardedFor } });
    return Number(/r=(\d+)/.exec(answer.headers.get('RateLimit') ?? '')?.[1]);
  };
  const both = async (auth: string) => [await left(auth, '198.51.100.1'), await left(auth, '198.51.100.2')];
  expect(await both(trusting.auth)).toEqual([199, 199]);
  expect(await both(doubting.auth)).toEqual([199, 198]);
  await fetch(`${trusting.auth}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': '6.6.6.6, 198.51.100.3' },
    body: JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery' }),
  });
  const { data } = (await ada.request('GET', '/api/v1/audit-log?limit=5')).body;
  const logins = data.filter(({ action }: { action: string }) => action === 'account.login');
  expect(logins[0]).toMatchObject({ ip: '198.51.100.3' });
  await Promise.all([trusting.close(), doubting.close()]);
});

test('a taken port is one clear sentence', async () => {
  await expect(startApi(contextOn(port))).rejects.toThrow(
    `Port ${port} is taken by another program; set BLACKTIDE_API_PORT to a free one.`,
  );
});

test('closing ends open streams and takes no more requests', async () => {
  const ownPort = await freePort();
  const own = await startApi(contextOn(ownPort));
  const socket = new WebSocket(`ws://127.0.0.1:${ownPort}/api/v1/stream`, { headers: { Cookie: cookies() } });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('message', resolve));
  await own.close();
  expect(await closed).toBe(1001);
  await expect(fetch(`http://127.0.0.1:${ownPort}/healthz`)).rejects.toThrow();
});
