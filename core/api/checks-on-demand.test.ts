import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MONITOR } from '#tests/core/sample-objects.ts';
import { type Answer, type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/** Checks that somebody asks for, and requests, are bounded by what is paid for them: the organisation. */

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
});
afterAll(() => app.close());

/** Six locations, each of which may follow ten redirects. */
const REQUESTS_OF_TEST = 66;
/** What flows in while a test runs, on a slow machine. */
const IN_TIME = 1_500;
const REQUESTS_OF_CHECK = 2 * REQUESTS_OF_TEST;

const tryOut = (browser: Browser, url: string, config: object = {}) =>
  browser.request('POST', '/api/v1/monitors/test', { body: { type: 'http', config: { url, ...config } } });
const newMonitor = async (browser: Browser, url: string) =>
  (await browser.request('POST', '/api/v1/monitors', { body: { ...MONITOR, config: { url } } })).body.id;
const check = (browser: Browser, id: string) => browser.request('POST', `/api/v1/monitors/${id}/check`);

/** How many calls in a row succeed, and the first that does not. */
async function untilRefused(
  call: (n: number) => Promise<Answer>,
  most: number,
): Promise<{ done: number; refused: Answer }> {
  for (let done = 0; done <= most; done++) {
    const answer = await call(done);
    if (answer.status >= 300) return { done, refused: answer };
  }
  throw new Error(`${most} calls were not refused`);
}

const isRefused = ({ status, body, headers }: Answer) => {
  expect([status, body.code]).toEqual([429, 'rate_limited']);
  expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0);
};

test('tests of one host, redirects included; without redirects there are eleven times as many', async () => {
  const ada = await app.signUp('ada@example.com');
  const { done, refused } = await untilRefused((n) => tryOut(ada, `https://victim.example:${8000 + n}/${n}`), 100);
  expect(done * REQUESTS_OF_TEST).toBeGreaterThanOrEqual(3_960);
  expect(done * REQUESTS_OF_TEST).toBeLessThan(3_960 + IN_TIME);
  isRefused(refused);
  expect((await tryOut(ada, 'https://other.example/')).status).toBe(200);
  app.advance(Number(refused.headers.get('Retry-After')) * 1000);
  expect((await tryOut(ada, 'https://victim.example/')).status).toBe(200);
  isRefused(await tryOut(ada, 'https://victim.example/'));

  const plain = await untilRefused((n) => tryOut(ada, `https://direct.example/${n}`, { followRedirects: false }), 700);
  expect(plain.done * 6).toBeGreaterThanOrEqual(3_960);
  expect(plain.done * 6).toBeLessThan(3_960 + IN_TIME);
});

test('tests of many hosts, each of which may redirect to one', async () => {
  const bob = await app.signUp('bob@example.com');
  const { done, refused } = await untilRefused((n) => tryOut(bob, `https://host-${n}.example/`), 300);
  expect(done * REQUESTS_OF_TEST).toBeGreaterThanOrEqual(13_200);
  expect(done * REQUESTS_OF_TEST).toBeLessThan(13_200 + IN_TIME);
  isRefused(refused);
  const carol = await app.signUp('carol@example.com');
  expect((await tryOut(carol, 'https://host-1.example/')).status).toBe(200);
});

test('several organisations at one host together', async () => {
  let done = 0;
  for (let n = 0; n < 12; n++) {
    const one = await app.signUp(`one-of-${n}@example.com`);
    app.advance(1000);
    done += (await untilRefused(() => tryOut(one, 'https://many.example/'), 100)).done;
  }
  expect(done * REQUESTS_OF_TEST).toBeGreaterThanOrEqual(39_600 - 12 * REQUESTS_OF_TEST);
  expect(done * REQUESTS_OF_TEST).toBeLessThan(39_600 + 2 * IN_TIME);
});

describe('a stored monitor', () => {
  test('is checked on demand thirty times at once, by whichever key', async () => {
    const dan = await app.signUp('dan@example.com');
    const id = await newMonitor(dan, 'https://shop.example/');
    const keys = await Promise.all(
      Array.from({ length: 10 }, () =>
        dan.request('POST', '/api/v1/api-keys', { body: { name: 'k', scopes: ['write'] } }),
      ),
    );
    const byKey = (n: number) =>
      app.request('POST', `/api/v1/monitors/${id}/check`, {
        headers: { Authorization: `Bearer ${keys[n % keys.length]?.body.key}` },
      });
    const { done, refused } = await untilRefused(byKey, 100);
    expect(done).toBeGreaterThanOrEqual(30);
    expect(done * REQUESTS_OF_CHECK).toBeLessThan(3_960 + IN_TIME);
    isRefused(refused);
    const asked = app.edgeCalls.filter(
      (call) => JSON.stringify(call).includes(id) && JSON.stringify(call).includes('checkNow'),
    );
    expect(asked).toHaveLength(done);
    expect((await dan.request('POST', `/api/v1/monitors/${id}/test`, { body: {} })).status).toBe(429);
  });

  test('that is changed over and over is not checked more often; a change that needs no check is always possible', async () => {
    const eve = await app.signUp('eve@example.com');
    const id = await newMonitor(eve, 'https://shop.example/');
    const change = (body: object) => eve.request('PATCH', `/api/v1/monitors/${id}`, { body });
    const { done, refused } = await untilRefused((n) => change({ config: { url: `https://shop.example/${n}` } }), 100);
    expect(done).toBeGreaterThanOrEqual(30);
    expect(done).toBeLessThan(35);
    isRefused(refused);
    expect((await change({ name: 'Renamed', tags: ['a'] })).status).toBe(200);
    isRefused(await check(eve, id));
    expect((await eve.request('POST', `/api/v1/monitors/${id}/pause`)).status).toBe(200);
    isRefused(await eve.request('POST', `/api/v1/monitors/${id}/resume`));
    app.advance(5_000);
    expect((await eve.request('POST', `/api/v1/monitors/${id}/resume`)).status).toBe(200);
  });

  test('is one of as many as the organisation may have, also when it is deleted and made again', async () => {
    const few = app.variant({ config: { ...app.ctx.config, quotas: { ...app.ctx.config.quotas, monitors: 120 } } });
    const fay = await app.signUp('fay@example.com');
    const headers = {
      Cookie: [...fay.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      'X-CSRF-Token': fay.cookies.get('bt_csrf') ?? '',
    };
    const { done, refused } = await untilRefused(async () => {
      const made = await few('POST', '/api/v1/monitors', { body: MONITOR, headers });
      if (made.status === 201) await few('DELETE', `/api/v1/monitors/${made.body.id}`, { headers });
      return made;
    }, 200);
    expect(done).toBe(120);
    isRefused(refused);
  });
});

test('ten keys and a session have one budget of requests', async () => {
  const gil = await app.signUp('gil@example.com');
  const key = (await gil.request('POST', '/api/v1/api-keys', { body: { name: 'k', scopes: ['read'] } })).body.key;
  const left = (answer: Answer) => Number(/r=(\d+)/.exec(answer.headers.get('RateLimit') ?? '')?.[1]);
  const before = left(await gil.request('GET', '/api/v1/channels'));
  const headers = { Authorization: `Bearer ${key}` };
  await Promise.all(Array.from({ length: 200 }, () => app.request('GET', '/api/v1/channels', { headers })));
  // What flows back in a second are a hundred.
  expect(left(await gil.request('GET', '/api/v1/channels'))).toBeLessThan(before);
  const other = await app.signUp('hal@example.com');
  expect(left(await other.request('GET', '/api/v1/channels'))).toBeGreaterThanOrEqual(998);
});
