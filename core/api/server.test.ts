import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LiveEvent } from '#domain/api/live.ts';
import { createTestDatabase } from '#tests/database.ts';
import { startApi } from './server.ts';
import { type Browser, startTestApp, type TestApp } from './test-app.ts';

/** The stream and the server itself, over real sockets. */
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
