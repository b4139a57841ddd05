import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SERVICE_BODY_BYTES_MAX } from '#domain/wire/wire.ts';
import { MONITOR } from '#tests/core/sample-objects.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { freePort } from '#tests/harness/free-port.ts';
import { startApi } from './server.ts';

/** Oversized bodies, over raw sockets of clients that keep sending. */
const API_BYTES_MAX = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const CHUNK = `${CHUNK_BYTES.toString(16)}\r\n${' '.repeat(CHUNK_BYTES)}\r\n`;

let app: TestApp;
let ada: Browser;
let key: string;
let port: number;
let server: { close(): Promise<void> };
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  const body = { name: 'ci', scopes: ['read', 'write', 'admin'] };
  key = (await ada.request('POST', '/api/v1/api-keys', { body })).body.key;
  port = await freePort();
  server = await startApi({ ...app.ctx, config: { ...app.ctx.config, apiPort: port } });
});
afterAll(async () => {
  await server.close();
  await app.close();
});

/**
 * Sends a head, and then data for as long as the connection is open; resolves with the answer when it has ended. The
 * client ignores the server's FIN and never sends its own.
 */
function sendForEver(requestLine: string, headers: readonly string[], data: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    // A client that sends nothing cannot detect that the server has closed its side.
    if (data === '') socket.on('end', () => resolve(answer));
    socket.write(`${requestLine} HTTP/1.1\r\nHost: localhost\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`);
    pump(socket, data);
  });
}

function pump(socket: Socket, data: string): void {
  if (socket.destroyed || data === '') return;
  socket.write(data, (error) => {
    if (!error) setImmediate(pump, socket, data);
  });
}

const JSON_TYPE = 'Content-Type: application/json';
const CHUNKED = 'Transfer-Encoding: chunked';
const announced = (bytes: number) => `Content-Length: ${bytes}`;
const authorized = () => `Authorization: Bearer ${key}`;
const ID = `mon_${'0'.repeat(26)}`;

const ROUTES = [
  ['POST /api/v1/monitors', API_BYTES_MAX],
  [`PATCH /api/v1/monitors/${ID}`, API_BYTES_MAX],
  [`DELETE /api/v1/monitors/${ID}`, API_BYTES_MAX],
  ['POST /api/v1/channels', API_BYTES_MAX],
  ['POST /api/v1/auth/login', API_BYTES_MAX],
  ['POST /api/v1/auth/register', API_BYTES_MAX],
  ['POST /api/v1/auth/logout', API_BYTES_MAX],
  ['POST /api/v1/auth/refresh', API_BYTES_MAX],
  ['POST /api/v1/unknown', API_BYTES_MAX],
  ['PUT /api/v1/monitors', API_BYTES_MAX],
] as const;

/** Routes of the edge: nobody else's body is read. */
const EDGE_ROUTES = ['POST /edge/v1/events', 'POST /edge/v1/unknown', 'GET /edge/v1/directory'] as const;

const TOO_LARGE = /^HTTP\/1\.1 413 [\s\S]*\r\nconnection: close\r\n[\s\S]*"code":"payload_too_large"/i;

test.concurrent.each(ROUTES)(
  '%s: a body that announces too much is 413 and ends the connection',
  async (route, bytesMax) => {
    const headers = [authorized(), JSON_TYPE, announced(bytesMax + 1)];
    expect(await sendForEver(route, headers, 'x'.repeat(CHUNK_BYTES))).toMatch(TOO_LARGE);
    expect(await sendForEver(route, [JSON_TYPE, announced(1e15)], 'x'.repeat(CHUNK_BYTES))).toMatch(TOO_LARGE);
  },
);

test.concurrent.each(ROUTES)('%s: a body that grows too large is 413 and ends the connection', async (route) => {
  expect(await sendForEver(route, [authorized(), JSON_TYPE, CHUNKED], CHUNK)).toMatch(TOO_LARGE);
});

test.concurrent.each(EDGE_ROUTES)('%s: too much is announced', async (route) => {
  const headers = [authorized(), JSON_TYPE, announced(SERVICE_BODY_BYTES_MAX + 1)];
  expect(await sendForEver(route, headers, 'x'.repeat(CHUNK_BYTES))).toMatch(TOO_LARGE);
});

test.concurrent.each(EDGE_ROUTES)('%s: the body of whoever is not the edge is not read', async (route) => {
  for (const authorization of ['X-None: 1', authorized(), 'Authorization: Bearer a.b.c']) {
    expect(await sendForEver(route, [authorization, JSON_TYPE, CHUNKED], CHUNK)).toMatch(/^HTTP\/1\.1 (401|404) /);
  }
});

test.concurrent.each(['/', '/healthz', '/metrics', '/api/v1/monitors', '/api/v1/openapi.json', '/api/v1/unknown'])(
  'POST %s: a route without a body announces nothing either',
  async (path) => {
    expect(await sendForEver(`POST ${path}`, [announced(1e9)], 'x'.repeat(CHUNK_BYTES))).toMatch(TOO_LARGE);
  },
);

test.concurrent.each([
  ['GET /healthz', 200],
  ['GET /api/v1/monitors', 401],
  ['POST /api/v1/monitors', 401],
] as const)('%s, answered without its body: whoever goes on sending is cut off', async (route, status) => {
  expect(await sendForEver(route, [JSON_TYPE, CHUNKED], CHUNK)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test('a client that sends nothing of what it announced is not waited for', async () => {
  const headers = [authorized(), JSON_TYPE, announced(API_BYTES_MAX + 1)];
  expect(await sendForEver('POST /api/v1/monitors', headers, '')).toMatch(TOO_LARGE);
});

test('a body of exactly the limit is read, and its connection carries the next request', async () => {
  const body = JSON.stringify(MONITOR).padEnd(API_BYTES_MAX, ' ');
  const request = `POST /api/v1/monitors HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}\r\n${authorized()}\r\n`;
  const next = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const chunked = `${CHUNKED}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  for (const sent of [`${announced(body.length)}\r\n\r\n${body}`, chunked]) {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('error', reject).on('close', () => resolve(text));
      socket.write(request + sent + next);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 201 [\s\S]*HTTP\/1\.1 200 OK[\s\S]*"status":"ok"/);
  }
});
