import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Monitor } from '#domain/api/monitor.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { type Installation, newInstallation, type Product, start } from '../harness/product.ts';

describe('npm start -- --demo', () => {
  let installation: Installation;
  let product: Product;
  let target: string;

  beforeAll(async () => {
    installation = await newInstallation();
    const port = await freePort();
    target = `http://localhost:${port}`;
    product = await start(installation, { args: ['--demo', '--demo-port', String(port)] });
  });
  afterAll(async () => {
    await product?.killTree();
    installation?.remove();
  });

  it('prints an account, checks its monitors, and breaks a target by its button', async () => {
    expect(product.output()).toContain(target);
    const [, email, password] = /Demo account: (\S+), password (\S+)/.exec(product.output()) ?? [];
    const session = await signIn(installation, { email, password });
    await untilDemo(installation, session, (statuses) => statuses.every((status) => status === 'up'));

    expect((await fetch(`${target}/shop/dead`, { method: 'POST', redirect: 'manual' })).status).toBe(303);
    await untilDemo(installation, session, (statuses) => statuses.filter((status) => status === 'down').length === 1);
    const page = await (await fetch(`${installation.edgeOrigin}/status/demo`)).text();
    expect(page).toContain('Demo shop');
  });
});

async function signIn(installation: Installation, credentials: object): Promise<string> {
  const response = await fetch(`${installation.apiOrigin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  expect(response.status).toBe(200);
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

function untilDemo(installation: Installation, cookie: string, holds: (statuses: string[]) => boolean): Promise<true> {
  return eventually(
    'the demo monitors',
    async () => {
      const response = await fetch(`${installation.apiOrigin}/api/v1/monitors`, { headers: { cookie } });
      const statuses = ((await response.json()) as { data: Monitor[] }).data.map((monitor) => monitor.status);
      if (statuses.length !== 3 || !holds(statuses)) throw new Error(statuses.join(', '));
      return true as const;
    },
    30_000,
  );
}
