import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#tests/database.ts';
import { freePort } from '#tests/harness/free-port.ts';
import { type NatsServer, startNatsServer } from '#tests/harness/nats-server.ts';
import { startCore } from './compose.ts';
import { readConfig } from './config.ts';
import type { Keys } from './platform/keys.ts';

let database: TestDatabase;
let nats: NatsServer;
let keys: Keys;
beforeAll(async () => {
  [database, nats] = await Promise.all([createTestDatabase(), startNatsServer()]);
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const [corePrivate, edgePublic] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)]);
  keys = { corePrivate, edgePublic, secrets: randomBytes(32), session: randomBytes(32) };
});
afterAll(async () => {
  await nats.close();
  await database.drop();
});

const start = async (environment: Record<string, string>) => {
  const config = readConfig({ DATABASE_URL: database.url, ...environment }, { oneMachine: true });
  return startCore(config, { keys, logger: pino({ level: 'silent' }) });
};

test('all roles in one process: alive, ready, counted, and ended within ten seconds', async () => {
  const port = await freePort();
  const core = await start({ BLACKTIDE_API_PORT: String(port) });
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  expect((await get('/healthz')).status).toBe(200);
  const ready = await get('/readyz');
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: 'ok', dependencies: { postgres: 'ok', stream: 'ok' } },
  ]);
  expect((await get('/metrics')).headers.get('Content-Type')).toContain('text/plain');
  const began = performance.now();
  await core.close();
  expect(performance.now() - began).toBeLessThan(10_000);
  await expect(get('/healthz')).rejects.toThrow();
});

test('a role alone answers on the port of its own offset', async () => {
  const port = await freePort();
  const core = await start({ BLACKTIDE_API_PORT: String(port), BLACKTIDE_ROLES: 'notify', NATS_URL: nats.url });
  const ready = await fetch(`http://127.0.0.1:${port + 16}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { dependencies: { stream: 'ok' } }]);
  await core.close();
});

test('several processes start on an empty database at the same time', async () => {
  const empty = await createTestDatabase();
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const cores = await Promise.all(
    (['ingest', 'incidents', 'aggregate'] as const).map((role, index) =>
      start({
        DATABASE_URL: empty.url,
        NATS_URL: nats.url,
        BLACKTIDE_ROLES: role,
        BLACKTIDE_HEALTH_PORT: String(ports[index]),
      }),
    ),
  );
  await Promise.all(cores.map((core) => core.close()));
  await empty.drop();
});

test('what is wrong outside is one sentence', async () => {
  const port = await freePort();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(port, resolve));
  await expect(start({ BLACKTIDE_API_PORT: String(port) })).rejects.toThrow(`Port ${port} is taken`);
  const lone = { NATS_URL: nats.url, BLACKTIDE_ROLES: 'notify', BLACKTIDE_HEALTH_PORT: String(port) };
  await expect(start(lone)).rejects.toThrow(`Port ${port} is taken`);
  taken.close();
  const nobody = `127.0.0.1:${await freePort()}`;
  await expect(start({ DATABASE_URL: `postgres://${nobody}/x` })).rejects.toThrow(/PostgreSQL cannot be reached/);
  await expect(start({ NATS_URL: `nats://${nobody}` })).rejects.toThrow(/NATS server at NATS_URL cannot be reached/);
});
