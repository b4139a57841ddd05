import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setupToken } from '#core/services/accounts/setup-token.ts';
import { startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { freePort } from '#tests/harness/free-port.ts';
import { startApi } from './server.ts';

interface Served {
  readonly app: TestApp;
  readonly port: number;
  close(): Promise<void>;
}

/** A new installation, without an account, whose API listens on the address. */
async function serve(host: string | undefined): Promise<Served> {
  const app = await startTestApp(await createTestDatabase());
  const port = await freePort();
  const server = await startApi({ ...app.ctx, config: { ...app.ctx.config, host, apiPort: port } });
  return {
    app,
    port,
    async close() {
      await server.close();
      await app.close();
    },
  };
}

let onLoopback: Served;
let onAll: Served;
beforeAll(async () => {
  [onLoopback, onAll] = await Promise.all([serve('127.0.0.1'), serve(undefined)]);
});
afterAll(() => Promise.all([onLoopback.close(), onAll.close()]));

/** An address of this machine that is not loopback: connections to it come from it. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found === undefined) throw new Error('this machine has no address but loopback');
  return found.address;
}

const account = { email: 'first@example.com', password: 'a long enough password', name: 'First' };

function register(origin: string, body: object = account, headers: Record<string, string> = {}) {
  return fetch(`${origin}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function setup(origin: string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await fetch(`${origin}/api/v1/auth/setup`, { headers });
  return answer.json();
}

test.each(['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via', 'X-Forwarded-Host', 'CF-Connecting-IP'])(
  'a proxy on this machine, which sends %s, does not bring strangers to loopback',
  async (name) => {
    const origin = `http://127.0.0.1:${onLoopback.port}`;
    expect(await setup(origin, { [name]: '127.0.0.1' })).toMatchObject({ setupTokenNeeded: true });
    expect((await register(origin, account, { [name]: '127.0.0.1' })).status).toBe(403);
  },
);

test('on loopback the first account needs no token, and nobody else gets through', async () => {
  const { port } = onLoopback;
  expect(await setup(`http://127.0.0.1:${port}`)).toMatchObject({ firstAccount: true, setupTokenNeeded: false });
  await expect(setup(`http://${ownAddress()}:${port}`)).rejects.toThrow();
  expect((await register(`http://localhost:${port}`)).status).toBe(201);
});

test('from another address the first account needs the token that the start prints', async () => {
  const origin = `http://${ownAddress()}:${onAll.port}`;
  expect(await setup(origin)).toMatchObject({ firstAccount: true, setupTokenNeeded: true });
  for (const wrong of [{}, { setupToken: '' }, { setupToken: 'x'.repeat(32) }, { setupToken: 'ü'.repeat(32) }]) {
    const answer = await register(origin, { ...account, ...wrong });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'setup_token_required' });
  }
  expect((await register(origin, { ...account, setupToken: setupToken(onAll.app.ctx.sessionKey) })).status).toBe(201);
  // Later accounts of an open installation need none.
  expect(await setup(origin)).toMatchObject({ firstAccount: false, setupTokenNeeded: false });
  expect((await register(origin, { ...account, email: 'second@example.com' })).status).toBe(201);
});

test.each([
  ['rebound.example', 421],
  ['localhost.rebound.example', 421],
  ['localhost', 200],
  ['a.localhost', 421],
  ['127.0.0.1', 200],
  ['192.0.2.1', 200],
  ['[2001:db8::1]', 200],
])('a request to the host %s is answered %i', async (host, status) => {
  for (const path of ['/api/v1/auth/setup', '/']) {
    const answer = await onLoopback.app.requestTo(`http://${host}`, 'GET', path);
    expect(answer.status === 421 ? 421 : 200).toBe(status);
  }
  // What is not for browsers is reached by whatever name.
  expect((await onLoopback.app.requestTo(`http://${host}`, 'GET', '/healthz')).status).toBe(200);
});
