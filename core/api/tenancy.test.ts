import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DocumentedRoute, documentedRoutes, pathOf } from '#tests/core/documented-routes.ts';
import { createSamples, MONITOR, type SampleObjects } from '#tests/core/sample-objects.ts';
import { type Answer, type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/**
 * Cases generated from the OpenAPI document: account B calls every route with an id, with an object of account A. A new
 * route fails here until this test names the object of its parameter and a valid body.
 */
let app: TestApp;
let ada: Browser;
let bob: Browser;
let objects: SampleObjects;
let routes: DocumentedRoute[];

beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  bob = await app.signUp('bob@example.com');
  objects = await createSamples(app, ada, 'ada');
  ({ routes } = await documentedRoutes(app));
});
afterAll(() => app.close());

const BODY_OF: Readonly<Record<string, object>> = {
  'PATCH /api/v1/monitors/{id}': { name: 'Renamed' },
  'POST /api/v1/monitors/{id}/test': {},
  'PATCH /api/v1/alert-rules/{id}': { name: 'Renamed' },
  'PATCH /api/v1/channels/{id}': { name: 'Renamed' },
  'PATCH /api/v1/status-pages/{id}': { name: 'Renamed' },
  'PATCH /api/v1/status-pages/{id}/components/{componentId}': { name: 'Renamed' },
  'POST /api/v1/status-pages/{id}/components': { name: 'Another' },
  'POST /api/v1/incidents/{id}/notes': { text: 'A note' },
  'PUT /api/v1/incidents/{id}/pages': { pages: [] },
  'POST /api/v1/incidents/{id}/updates': { status: 'identified', body: 'We know why.' },
};

function bodyOf({ method, template, body: schema }: DocumentedRoute): object {
  if (schema === null) return {};
  const body = BODY_OF[`${method} ${template}`];
  if (body === undefined) throw new Error(`What is a valid body of ${method} ${template}? Add it to BODY_OF.`);
  return { body };
}

function withId(): DocumentedRoute[] {
  const found = routes.filter(({ template }) => template.includes('{'));
  // DELETE comes last, because it removes the object; parts before the whole, rules before their monitor.
  const rank = ({ method, template }: DocumentedRoute) =>
    method === 'DELETE' ? 100 - template.split('/').length + (template.includes('/monitors/') ? 10 : 0) : 0;
  return found.sort((a, b) => rank(a) - rank(b));
}

test("another account's objects answer 404 on every route that takes an id", async () => {
  expect(withId().length).toBeGreaterThan(25);
  for (const route of withId()) {
    const answer = await bob.request(route.method, pathOf(route.template, objects), bodyOf(route));
    expect([route.method, route.template, answer.status, answer.body?.code]).toEqual([
      route.method,
      route.template,
      404,
      'not_found',
    ]);
  }
});

test('another account does not find a component through a page of its own', async () => {
  const own = await createSamples(app, bob, 'bob');
  const path = `/api/v1/status-pages/${own.statusPage}/components/${objects.component}`;
  expect((await bob.request('PATCH', path, { body: { name: 'Mine' } })).status).toBe(404);
  expect((await bob.request('DELETE', path)).status).toBe(404);
});

/** Expects an audit row for the request, found by its trace id. */
async function expectAudited(route: DocumentedRoute, answer: Answer): Promise<void> {
  if (route.method === 'GET' || answer.status >= 300) return;
  const { data } = (await ada.request('GET', '/api/v1/audit-log?limit=1')).body;
  expect([route.method, route.template, data[0].traceId]).toEqual([
    route.method,
    route.template,
    answer.headers.get('X-Trace-Id'),
  ]);
}

test("another account's objects cannot be named in bodies", async () => {
  const { monitor, channel } = objects;
  const own = (await bob.request('POST', '/api/v1/monitors', { body: MONITOR })).body.id;
  const condition = { type: 'consecutiveFailures', count: 1 };
  for (const [path, body, at] of [
    ['/incidents', { title: 'x', monitorId: monitor }, 'monitorId'],
    ['/alert-rules', { name: 'x', monitorId: monitor, condition }, 'monitorId'],
    ['/alert-rules', { name: 'x', monitorId: own, condition, channelIds: [channel] }, 'channelIds.0'],
    [
      '/status-pages',
      { name: 'x', slug: 'x', components: [{ name: 'x', monitorId: monitor }] },
      'components.0.monitorId',
    ],
  ] as const) {
    const answer = await bob.request('POST', `/api/v1${path}`, { body });
    expect([path, answer.status, answer.body.errors?.[0]?.path]).toEqual([path, 422, at]);
  }
});

test("another account's objects cannot be named in patches", async () => {
  const own = await createSamples(app, bob, 'bobs-patches');
  const { monitor, channel, component } = objects;
  const page = `/status-pages/${own.statusPage}`;
  for (const [path, body, at] of [
    [`/alert-rules/${own.alertRule}`, { channelIds: [own.channel, channel] }, 'channelIds.1'],
    [`/alert-rules/${own.alertRule}`, { monitorId: monitor }, 'monitorId'],
    [page, { components: [{ name: 'x', monitorId: monitor }] }, 'components.0.monitorId'],
    [page, { components: [{ name: 'x', id: component }] }, 'components.0.id'],
    [`${page}/components/${own.component}`, { monitorId: monitor }, 'components.0.monitorId'],
  ] as const) {
    const answer = await bob.request('PATCH', `/api/v1${path}`, { body });
    expect([path, answer.status, answer.body.errors?.[0]?.path]).toEqual([path, 422, at]);
  }
  const added = await bob.request('POST', `/api/v1${page}/components`, { body: { name: 'x', monitorId: monitor } });
  expect(added.status).toBe(422);
});

test('lists show nothing of another account', async () => {
  const lists = routes.filter(({ method, template }) => method === 'GET' && !template.includes('{'));
  const adas = Object.values(objects);
  for (const { template } of lists) {
    const answer = await bob.request('GET', template);
    expect(adas.filter((id) => answer.text.includes(id))).toEqual([]);
  }
});

test('the owner reaches the same routes, so the 404 above is about whose object it is', async () => {
  for (const route of withId()) {
    const answer = await ada.request(route.method, pathOf(route.template, objects), bodyOf(route));
    await expectAudited(route, answer);
    const refused = [401, 403, 404, 405, 415, 422, 500].includes(answer.status);
    expect([route.method, route.template, refused ? answer.text : 'reached']).toEqual([
      route.method,
      route.template,
      'reached',
    ]);
  }
});
