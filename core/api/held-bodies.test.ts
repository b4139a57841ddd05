import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServiceTokens } from '#core/platform/service-tokens.ts';
import { importServiceKey, signServiceToken } from '#domain/wire/service-token.ts';
import { MONITOR } from '#tests/core/sample-objects.ts';
import { startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { freePort } from '#tests/harness/free-port.ts';
import { startApi } from './server.ts';

/** The bodies that one process holds, over real sockets. */
const BODIES = 80;
const CHUNK_BYTES = 64 * 1024;
const CHUNK = Buffer.from(`${CHUNK_BYTES.toString(16)}\r\n${' '.repeat(CHUNK_BYTES)}\r\n`);
/** One chunk less than the most that is read: the body never ends and never becomes too large. */
const CHUNKS = 255;
/** The budget of all pools is 64 MiB; the rest is the client's half, which shares the process. */
const RISE_BYTES_MAX = 200 * 1024 * 1024;

let app: TestApp;
let port: number;
let server: { close(): Promise<void> };
let sign: (body?: string) => Promise<string>;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  const core = await generateKeyPair('EdDSA', { extractable: true });
  const edge = await generateKeyPair('EdDSA', { extractable: true });
  const keys = { corePrivate: await exportJWK(core.privateKey), edgePublic: await exportJWK(edge.publicKey) };
  const tokens = await createServiceTokens(app.ctx.sql, app.ctx.clock, keys);
  const key = await importServiceKey(await exportJWK(edge.privateKey));
  let count = 0;
  sign = (body = 'another body') => {
    count += 1;
    const token = { from: 'blacktide-edge', to: 'blacktide-core', nowMs: Date.now() } as const;
    const request = {
      method: 'POST',
      path: '/edge/v1/events',
      bodyHash: createHash('sha256').update(body).digest('base64url'),
    };
    return signServiceToken(key, { ...token, jti: `token-number-${String(count).padStart(6, '0')}` }, request);
  };
  port = await freePort();
  server = await startApi({ ...app.ctx, tokens, config: { ...app.ctx.config, apiPort: port } });
});
afterAll(async () => {
  await server.close();
  await app.close();
});

interface Sender {
  readonly socket: Socket;
  answer: string;
  sent: number;
}

/** Sends all but the end of a body, as fast as it is taken. */
function sendMost(authorization: string): Sender {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  const sender: Sender = { socket, answer: '', sent: 0 };
  socket.on('data', (data) => {
    sender.answer += data;
  });
  socket.write(
    `POST /edge/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const pump = () => {
    if (socket.destroyed || sender.sent === CHUNKS) return;
    socket.write(CHUNK, () => {
      sender.sent += 1;
      pump();
    });
  };
  pump();
  return sender;
}

const inMemory = () => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
const statusOf = ({ answer }: Sender) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

async function riseWhile(senders: readonly Sender[], isOver: () => boolean): Promise<number> {
  const before = inMemory();
  let peak = before;
  await eventually('all were taken or refused', () => {
    peak = Math.max(peak, inMemory());
    return isOver();
  });
  for (const { socket } of senders) socket.destroy();
  return peak - before;
}

test('80 bodies of 16 MB whose senders are the edge: some are held, the others are told to come back', async () => {
  const tokens = await Promise.all(Array.from({ length: BODIES }, sign));
  const senders = tokens.map((token) => sendMost(`Bearer ${token}`));
  const rise = await riseWhile(senders, () =>
    senders.every((sender) => statusOf(sender) === 503 || sender.sent === CHUNKS),
  );
  const refused = senders.filter((sender) => statusOf(sender) === 503);
  expect(refused.length).toBeGreaterThanOrEqual(BODIES - 2);
  for (const { answer } of refused) expect(answer).toMatch(/retry-after: 1\r\n[\s\S]*"code":"unavailable"/i);
  expect(rise).toBeLessThan(RISE_BYTES_MAX);
});

test('80 bodies of 16 MB whose senders are anybody: none is read, and soon nobody is listened to', async () => {
  const senders = Array.from({ length: BODIES }, () => sendMost('Bearer a.b.c'));
  const rise = await riseWhile(senders, () => senders.every((sender) => statusOf(sender) !== 0));
  expect(new Set(senders.map(statusOf))).toEqual(new Set([401, 429]));
  expect(rise).toBeLessThan(RISE_BYTES_MAX);
});

test('a stranger who is limited does not limit the edge, which shares his address', async () => {
  const post = (authorization: string, body: string) =>
    fetch(`http://127.0.0.1:${port}/edge/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${authorization}` },
      body,
    });
  let status = 0;
  for (let n = 0; n < 100 && status !== 429; n++) ({ status } = await post('a.b.c', '{}'));
  expect(status).toBe(429);
  const batch = JSON.stringify({ v: 1, shard: 'shd_a', events: [{ v: 1, kind: 'of-another-version' }] });
  expect((await post(await sign(batch), batch)).status).toBe(202);
});

test('a body with 100,000 errors is answered with the first fifty and the number of the rest', async () => {
  const ada = await app.signUp('ada@example.com');
  const unknown = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index.toString(36)}`, 1]));
  const answer = await ada.request('POST', '/api/v1/monitors', { body: { ...MONITOR, ...unknown } });
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toHaveLength(50);
  expect(answer.body.moreErrors).toBe(100_000 - 50);
  expect(answer.text.length).toBeLessThan(10_000);
  const long = await ada.request('POST', '/api/v1/monitors', { body: { ...MONITOR, ['k'.repeat(900_000)]: 1 } });
  expect([long.status, long.text.length < 10_000]).toEqual([422, true]);
});
