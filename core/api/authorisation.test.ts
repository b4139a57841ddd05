import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memberships } from '#db/schema.ts';
import { type DocumentedRoute, documentedRoutes, pathOf } from '#tests/core/documented-routes.ts';
import { createSamples, type SampleObjects } from '#tests/core/sample-objects.ts';
import { type Answer, type Browser, type RequestOptions, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/** Cases generated from the OpenAPI document: a caller without permission is refused whatever the request contains. */
let app: TestApp;
let ada: Browser;
let objects: SampleObjects;
let routes: DocumentedRoute[];
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  objects = await createSamples(app, ada, 'ada');
  ({ routes } = await documentedRoutes(app));
});
afterAll(() => app.close());

/** Bodies of a caller without permission. */
const BODIES: readonly RequestOptions[] = [
  {},
  { body: {} },
  { rawBody: '{' },
  { rawBody: 'name=x', headers: { 'Content-Type': 'text/plain' } },
];

async function answersOf(
  route: DocumentedRoute,
  send: TestApp['request'],
  headers: Record<string, string> = {},
): Promise<string[]> {
  const answers: string[] = [];
  for (const options of route.method === 'GET' ? [{}] : BODIES) {
    const path = pathOf(route.template, objects);
    const { status, body }: Answer = await send(route.method, path, {
      ...options,
      headers: { ...options.headers, ...headers },
    });
    answers.push(`${route.method} ${route.template} ${status} ${body?.code}`);
  }
  return [...new Set(answers)];
}

const isWrite = ({ method }: DocumentedRoute) => method !== 'GET';
const takesKeys = ({ signIns }: DocumentedRoute) => signIns.includes('apiKey');

async function keyWith(scope: 'read' | 'write'): Promise<{ Authorization: string }> {
  const { body } = await ada.request('POST', '/api/v1/api-keys', { body: { name: scope, scopes: [scope] } });
  return { Authorization: `Bearer ${body.key}` };
}

test('without credentials every route that needs them answers 401', async () => {
  const closed = routes.filter(({ signIns }) => signIns.length > 0);
  expect(closed.length).toBeGreaterThan(40);
  for (const route of closed) {
    expect(await answersOf(route, app.variant({}))).toEqual([`${route.method} ${route.template} 401 unauthenticated`]);
  }
});

test('a key that may only read is refused by every route that writes', async () => {
  const headers = await keyWith('read');
  const writes = routes.filter((route) => isWrite(route) && takesKeys(route));
  expect(writes.length).toBeGreaterThan(25);
  for (const route of writes) {
    const expected = [`${route.method} ${route.template} 403 insufficient_scope`];
    expect(await answersOf(route, app.request, headers)).toEqual(expected);
  }
});

test('a person who may only look is refused by every route that writes', async () => {
  const viewer = await app.signUp('viewer@example.com');
  const { user } = (await viewer.request('GET', '/api/v1/auth/me')).body;
  await app.ctx.db.update(memberships).set({ role: 'viewer' }).where(eq(memberships.userId, user.id));
  for (const route of routes.filter((one) => isWrite(one) && takesKeys(one))) {
    expect(await answersOf(route, viewer.request)).toEqual([`${route.method} ${route.template} 403 forbidden`]);
  }
});

test('keys, the audit log and dead letters are for admins only', async () => {
  const headers = await keyWith('write');
  const forAdmins = routes.filter(({ template }) => /^\/api\/v1\/(api-keys|audit-log|dead-letters)/.test(template));
  expect(forAdmins.length).toBeGreaterThan(3);
  for (const route of forAdmins) {
    const expected = [`${route.method} ${route.template} 403 insufficient_scope`];
    expect(await answersOf(route, app.request, headers)).toEqual(expected);
  }
});
