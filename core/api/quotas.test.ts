import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHANNEL, MONITOR } from '#tests/core/sample-objects.ts';
import { type Answer, type Browser, browserOf, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/** What an organisation may have, and what its requests may cost, whatever keys and sessions it uses. */

const MAX = 5;
const PARALLEL = 30;
const HOST_CHECKS_MAX = 60;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase(), {
    BLACKTIDE_QUOTA_MONITORS: String(MAX),
    BLACKTIDE_QUOTA_ALERT_RULES: String(MAX),
    BLACKTIDE_QUOTA_CHANNELS: String(MAX),
    BLACKTIDE_QUOTA_STATUS_PAGES: String(MAX),
    BLACKTIDE_QUOTA_API_KEYS: String(MAX),
    BLACKTIDE_QUOTA_HOST_CHECKS: String(HOST_CHECKS_MAX),
  });
});
afterAll(() => app.close());

const post = (browser: Browser, path: string, body: object) =>
  browser.request('POST', `/api/v1${path}`, { body }) as Promise<Answer>;

const NOUNS: Readonly<Record<string, (n: number, monitor: string) => object>> = {
  '/monitors': () => MONITOR,
  '/channels': () => CHANNEL,
  '/status-pages': (n) => ({ name: 'Shop', slug: `shop-${n}` }),
  '/api-keys': () => ({ name: 'ci', scopes: ['read'] }),
  '/alert-rules': (_, monitorId) => ({
    name: 'Twice',
    monitorId,
    condition: { type: 'consecutiveFailures', count: 2 },
  }),
};

describe.each(Object.entries(NOUNS))('%s', (path, bodyOf) => {
  test('thirty at one moment are as many as the organisation may have; one deleted makes room for one', async () => {
    const ada = await app.signUp(`ada@${path.slice(1)}.example`);
    // A monitor of another kind of test is no part of what is counted here.
    const monitor = path === '/alert-rules' ? (await post(ada, '/monitors', MONITOR)).body.id : '';
    const answers = await Promise.all(Array.from({ length: PARALLEL }, (_, n) => post(ada, path, bodyOf(n, monitor))));
    const made = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(made).toHaveLength(MAX);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['409 quota_exceeded']),
    );
    expect(refused[0]?.body.detail).toMatch(/^An organisation may have 5 .+; delete one first\.$/);
    expect((await ada.request('GET', `/api/v1${path}`)).body.data).toHaveLength(MAX);

    expect((await ada.request('DELETE', `/api/v1${path}/${made[0]?.body.id}`)).status).toBe(204);
    app.advance(3_600_000);
    await ada.request('POST', '/api/v1/auth/refresh');
    expect((await post(ada, path, bodyOf(PARALLEL, monitor))).status).toBe(201);
    expect((await post(ada, path, bodyOf(PARALLEL + 1, monitor))).body.code).toBe('quota_exceeded');
  });

  test('what one organisation has is not counted for another one', async () => {
    const bob = await app.signUp(`bob@${path.slice(1)}.example`);
    const monitor = path === '/alert-rules' ? (await post(bob, '/monitors', MONITOR)).body.id : '';
    expect((await post(bob, path, bodyOf(100, monitor))).status).toBe(201);
  });
});

describe('checks that are planned of one host', () => {
  /** Thirty checks a minute: from six locations every 12 s. */
  const monitor = (url: string, changes: object = {}) => ({
    ...MONITOR,
    config: { url },
    intervalSeconds: 12,
    ...changes,
  });
  const change = (browser: Browser, id: string, body: object) =>
    browser.request('PATCH', `/api/v1/monitors/${id}`, { body });

  test('are bounded for all monitors together, thirty made at one moment included', async () => {
    const ada = await app.signUp('ada@host.example');
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, (_, n) =>
        post(ada, '/monitors', monitor(`https://VICTIM.example:${8000 + n}/?${n}`)),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    const refused = answers.find(({ status }) => status !== 201);
    expect([refused?.status, refused?.body.code]).toEqual([409, 'quota_exceeded']);
    expect(refused?.body.detail).toContain('victim.example would get 90');
  });

  test('are counted for a change, a pause and another host', async () => {
    const bob = await app.signUp('bob@host.example');
    const one = (await post(bob, '/monitors', monitor('https://victim.example/'))).body.id;
    const two = (await post(bob, '/monitors', monitor('https://victim.example/two'))).body.id;
    const elsewhere = (await post(bob, '/monitors', monitor('https://other.example/'))).body.id;
    const paused = await post(bob, '/monitors', monitor('https://victim.example/', { enabled: false }));
    expect(paused.status).toBe(201);
    for (const [id, patch] of [
      [one, { intervalSeconds: 11 }],
      [elsewhere, { config: { url: 'https://victim.example/' } }],
      [paused.body.id, { enabled: true }],
    ] as const) {
      expect((await change(bob, id, patch)).body.code).toBe('quota_exceeded');
    }
    expect((await bob.request('POST', `/api/v1/monitors/${paused.body.id}/resume`)).body.code).toBe('quota_exceeded');
    // A change that plans no more is possible, and makes room.
    expect((await change(bob, one, { config: { url: 'https://victim.example/new' } })).status).toBe(200);
    expect((await change(bob, two, { locations: ['eu-west'] })).status).toBe(200);
    expect((await change(bob, one, { intervalSeconds: 11 })).status).toBe(200);
  });

  test('are bounded also when paused monitors are resumed at one moment', async () => {
    const dan = await app.signUp('dan@host.example');
    const paused = [];
    for (let n = 0; n < MAX; n++) {
      paused.push((await post(dan, '/monitors', monitor('https://victim.example/', { enabled: false }))).body.id);
    }
    const answers = await Promise.all(paused.map((id) => dan.request('POST', `/api/v1/monitors/${id}/resume`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  });

  test('are not bounded by default where registration is closed', async () => {
    const { hostChecksMax: _, ...config } = app.ctx.config;
    const carol = await app.signUp('carol@host.example');
    const own = browserOf(app.variant({ config: { ...config, hostChecksMax: undefined } }));
    for (const [name, value] of carol.cookies) own.cookies.set(name, value);
    const fast = monitor('https://victim.example/', { intervalSeconds: 5, timeoutMs: 1000 });
    expect((await post(own, '/monitors', fast)).status).toBe(201);
    expect((await post(carol, '/monitors', fast)).body.code).toBe('quota_exceeded');
  });
});
