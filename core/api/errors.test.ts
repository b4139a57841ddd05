import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdgeUnavailable } from '#core/edge-client.ts';
import { memberships } from '#db/schema.ts';
import { PROBLEMS, type ProblemCode, problemSchema } from '#domain/base/problem.ts';
import { CHANNEL, createSamples, MONITOR, type SampleObjects } from '#tests/core/sample-objects.ts';
import { type Answer, type Browser, browserOf, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

let app: TestApp;
let ada: Browser;
let objects: SampleObjects;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  objects = await createSamples(app, ada, 'ada');
});
afterAll(() => app.close());

const API = '/api/v1';
const json = { 'Content-Type': 'application/json' };

/** One request that produces each error of domain/base/problem.ts; the compiler requires one for a new error. */
const PRODUCERS = {
  malformed_json: () => ada.request('POST', `${API}/monitors`, { rawBody: '{"name":' }),
  malformed_request: () => ada.request('GET', `${API}/monitors?cursor=%21`),
  unauthenticated: () => app.request('GET', `${API}/monitors`),
  invalid_credentials: () =>
    app.request('POST', `${API}/auth/login`, { body: { email: 'nobody@example.com', password: 'guess' } }),
  session_expired: async () => {
    const browser = await app.signUp('late@example.com');
    app.advance(31 * 24 * 60 * 60 * 1000);
    const answer = await browser.request('POST', `${API}/auth/refresh`);
    app.advance(-31 * 24 * 60 * 60 * 1000);
    return answer;
  },
  invalid_service_token: () =>
    app.request('POST', '/edge/v1/events', { body: {}, headers: { Authorization: 'Bearer x' } }),
  forbidden: async () => {
    const viewer = await app.signUp('viewer@example.com');
    const { user } = (await viewer.request('GET', `${API}/auth/me`)).body;
    await app.ctx.db.update(memberships).set({ role: 'viewer' }).where(eq(memberships.userId, user.id));
    expect((await viewer.request('GET', `${API}/monitors`)).status).toBe(200);
    return viewer.request('POST', `${API}/monitors`, { body: MONITOR });
  },
  insufficient_scope: async () => {
    const key = await ada.request('POST', `${API}/api-keys`, { body: { name: 'r', scopes: ['read'] } });
    const headers = { Authorization: `Bearer ${key.body.key}` };
    return app.request('POST', `${API}/monitors`, { body: MONITOR, headers });
  },
  csrf_failed: () => ada.request('POST', `${API}/monitors`, { body: MONITOR, headers: { 'X-CSRF-Token': 'x.y' } }),
  registration_closed: () =>
    app.variant({ config: { ...app.ctx.config, registration: 'closed' } })('POST', `${API}/auth/register`, {
      body: { email: 'b@example.com', password: 'long enough', name: 'B' },
    }),
  not_found: () => app.request('GET', `${API}/nothing`),
  method_not_allowed: () => app.request('PUT', `${API}/monitors`, { body: {} }),
  conflict: async () => {
    await ada.request('POST', `${API}/incidents/${objects.incident}/resolve`);
    return ada.request('POST', `${API}/incidents/${objects.incident}/resolve`);
  },
  email_taken: () =>
    app.request('POST', `${API}/auth/register`, {
      body: { email: 'ADA@example.com', password: 'long enough', name: 'Ada' },
    }),
  slug_taken: () => ada.request('POST', `${API}/status-pages`, { body: { name: 'Again', slug: 'ada' } }),
  idempotency_conflict: async () => {
    const headers = { 'Idempotency-Key': 'once' };
    await ada.request('POST', `${API}/channels`, { body: CHANNEL, headers });
    return ada.request('POST', `${API}/channels`, { body: { ...CHANNEL, name: 'Other' }, headers });
  },
  precondition_failed: () =>
    ada.request('PATCH', `${API}/monitors/${objects.monitor}`, {
      body: { name: 'x' },
      headers: { 'If-Match': '"99"' },
    }),
  not_acceptable: () => ada.request('GET', `${API}/monitors`, { headers: { 'Accept-Encoding': 'br, identity;q=0' } }),
  payload_too_large: () => ada.request('POST', `${API}/monitors`, { body: { name: 'x'.repeat(1024 * 1024) } }),
  unsupported_media_type: () =>
    ada.request('POST', `${API}/monitors`, { rawBody: 'name=x', headers: { 'Content-Type': 'text/plain' } }),
  validation_failed: () => ada.request('POST', `${API}/monitors`, { body: { ...MONITOR, intervalSeconds: 1 } }),
  not_supported: () =>
    ada.request('POST', `${API}/monitors`, { body: { ...MONITOR, config: { ...MONITOR.config, verifyTls: false } } }),
  password_too_common: () =>
    app.request('POST', `${API}/auth/register`, {
      body: { email: 'c@example.com', password: 'password123', name: 'C' },
    }),
  too_many_attempts: async () => {
    const attempt = (send: TestApp['request']) =>
      send('POST', `${API}/auth/login`, { body: { email: 'guessed@example.com', password: 'wrong' } });
    // Each process has a limit for an address of its own.
    const apis = Array.from({ length: 4 }, () => app.variant({}));
    await Promise.all(apis.flatMap((api) => Array.from({ length: 25 }, () => attempt(api))));
    return attempt(app.variant({}));
  },
  quota_exceeded: async () => {
    const quotas = { ...app.ctx.config.quotas, channels: 0 };
    const full = app.variant({ config: { ...app.ctx.config, quotas } });
    return send(full, `${API}/channels`, CHANNEL);
  },
  rate_limited: async () => {
    const attempt = () => app.variant({})('POST', `${API}/auth/login`, { body: {} });
    expect((await attempt()).status).toBe(422);
    const limited = app.variant({});
    let answer = await limited('POST', `${API}/auth/login`, { body: {} });
    for (let call = 0; call < 30; call++) answer = await limited('POST', `${API}/auth/login`, { body: {} });
    return answer;
  },
  setup_token_required: async () => {
    const fresh = await startTestApp(await createTestDatabase());
    const body = { email: 'first@example.com', password: 'a long enough password', name: 'First' };
    const answer = await fresh.request('POST', `${API}/auth/register`, {
      body,
      headers: { 'X-Forwarded-For': '192.0.2.1' },
    });
    await fresh.close();
    return answer;
  },
  misdirected: () => app.requestTo('http://rebound.example', 'GET', `${API}/auth/setup`),
  internal: () => {
    const test = () => Promise.reject(new Error('the password of the database is hunter2'));
    return send(app.variant({ edge: { ...app.ctx.edge, test } }), `${API}/monitors/test`, testBody());
  },
  edge_unavailable: () => {
    const test = () => Promise.reject(new EdgeUnavailable('The edge did not answer.'));
    return send(app.variant({ edge: { ...app.ctx.edge, test } }), `${API}/monitors/test`, testBody());
  },
  database_unavailable: () => withoutDatabase('57P03'),
  storage_full: () => withoutDatabase('53100'),
  storage_read_only: () => withoutDatabase('25006'),
  unavailable: async () => {
    const full = app.variant({}, { streamsMax: 0 });
    return send(full, `${API}/stream`, undefined, 'GET', { Accept: 'text/event-stream' });
  },
} as const satisfies Record<ProblemCode, () => Promise<Answer>>;

/** A request whose first statement fails with this SQLSTATE. */
function withoutDatabase(code: string): Promise<Answer> {
  const fail = () => {
    throw Object.assign(new Error('no'), { code });
  };
  return send(app.variant({ db: new Proxy(app.ctx.db, { get: fail }) }), `${API}/monitors`, undefined, 'GET');
}

function testBody() {
  const { type, config } = MONITOR;
  return { type, config };
}

/** Ada's call to a variant of the API. */
function send(to: TestApp['request'], path: string, body?: object, method = 'POST', headers = {}): Promise<Answer> {
  const browser = browserOf(to);
  for (const [name, value] of ada.cookies) browser.cookies.set(name, value);
  return browser.request(method, path, { ...(body === undefined ? {} : { body }), headers: { ...headers } });
}

test.each(Object.keys(PROBLEMS) as ProblemCode[])('%s', async (code) => {
  const answer = await PRODUCERS[code]();
  expect(answer.body?.code).toBe(code);
  expect(answer.status).toBe(PROBLEMS[code].status);
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  const problem = problemSchema.parse(answer.body);
  expect(problem).toMatchObject({ status: answer.status, title: PROBLEMS[code].title });
  expect(problem.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(answer.headers.get('X-Trace-Id')).toBe(problem.traceId);
  expect(answer.text).not.toMatch(/hunter2|postgres|select /i);
});

test('a validation problem names each place and what is wrong there', async () => {
  const answer = await ada.request('POST', `${API}/monitors`, {
    body: { name: '', type: 'http', config: { url: 'ftp://x', assertions: [{ source: 'status' }] }, colour: 'red' },
  });
  const paths = answer.body.errors.map((error: { path: string }) => error.path);
  expect(paths).toEqual(expect.arrayContaining(['name', 'config.url', 'config.assertions.0.compare', 'colour']));
});

test('429 says when to try again, 405 what is allowed', async () => {
  expect((await PRODUCERS.rate_limited()).headers.get('Retry-After')).toBe('1');
  expect((await PRODUCERS.method_not_allowed()).headers.get('Allow')).toBe('GET, HEAD, POST');
});

test('rate limits are said on every answer of the API', async () => {
  for (const answer of [
    await ada.request('GET', `${API}/monitors`),
    await app.request('GET', `${API}/nothing`),
    await app.request('GET', `${API}/monitors`, { headers: { Authorization: 'Bearer btk_wrong' } }),
    await app.request('POST', `${API}/auth/login`, { rawBody: '{', headers: json }),
  ]) {
    expect(answer.headers.get('RateLimit-Policy')).toMatch(/^"\w+";q=\d+;w=\d+$/);
    expect(answer.headers.get('RateLimit')).toMatch(/^"\w+";r=\d+;t=\d+$/);
  }
});

test("a caller's trace id is taken over", async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const answer = await app.request('GET', `${API}/nothing`, { headers: { traceparent } });
  expect(answer.body.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

test('texts that PostgreSQL cannot hold are refused, not stumbled over', async () => {
  for (const name of ['a\u0000b', '\ud800']) {
    const answer = await ada.request('POST', `${API}/monitors`, { body: { ...MONITOR, name } });
    expect(answer.body.code).toBe('malformed_request');
  }
  expect((await ada.request('GET', `${API}/monitors?q=%00`)).body.code).toBe('malformed_request');
  const yearZero = `${API}/monitors/${objects.monitor}/results?from=0000-01-01T00:00:00Z`;
  expect((await ada.request('GET', yearZero)).body.code).toBe('malformed_request');
});
