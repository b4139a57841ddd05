import { afterAll, beforeAll, expect, test } from 'vitest';
import { browserOf, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase(), {
    BLACKTIDE_REGISTRATION: 'closed',
    BLACKTIDE_PUBLIC_URL: 'https://watch.example.com',
  });
});
afterAll(() => app.close());

const AUTH = '/api/v1/auth';
const setup = async () => (await app.request('GET', `${AUTH}/setup`)).body;
const person = (email: string) => ({ email, password: 'correct horse battery', name: 'Ada' });

test('of two first registrations at once one wins, and registration is closed after it', async () => {
  expect(await setup()).toEqual({ firstAccount: true, registrationOpen: true, setupTokenNeeded: false });
  const answers = await Promise.all(
    ['ada@example.com', 'eve@example.com'].map((email) =>
      app.request('POST', `${AUTH}/register`, { body: person(email) }),
    ),
  );
  expect(answers.map((answer) => answer.status).sort()).toEqual([201, 403]);
  const won = answers.find((answer) => answer.status === 201);
  expect(won?.body).toMatchObject({ installationOwner: true, organization: { role: 'owner' } });
  expect(await setup()).toEqual({ firstAccount: false, registrationOpen: false, setupTokenNeeded: false });
});

test('each account of an open installation has an organisation of its own', async () => {
  const open = app.variant({ config: { ...app.ctx.config, registration: 'open' } });
  const first = await open('POST', `${AUTH}/register`, { body: person('bob@example.com') });
  const second = await open('POST', `${AUTH}/register`, { body: person('Carol@Example.com') });
  expect(first.status).toBe(201);
  expect(second.body.installationOwner).toBe(false);
  expect(second.body.user.email).toBe('carol@example.com');
  expect(first.body.organization.id).not.toBe(second.body.organization.id);
});

test('cookies: no script reads the tokens; on plain http to this machine they have no prefix', async () => {
  const { name: _, ...login } = person('bob@example.com');
  const answer = await app.request('POST', `${AUTH}/login`, { body: login });
  const cookies = answer.headers.getSetCookie();
  expect(cookies).toHaveLength(4);
  expect(cookies[0]).toMatch(/^bt_access=.*; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(cookies[1]).toMatch(/^bt_refresh=.*; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict$/);
  expect(cookies[2]).toMatch(/^bt_csrf=(?!.*HttpOnly)/);
  expect(cookies[3]).toMatch(/^bt_device=.*; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict$/);
});

test('everywhere else cookies are Secure and prefixed', async () => {
  const { name: _, ...login } = person('bob@example.com');
  const answer = await app.requestTo('https://watch.example.com', 'POST', `${AUTH}/login`, { body: login });
  const [access, refresh, csrf, device] = answer.headers.getSetCookie();
  expect(access).toMatch(/^__Host-bt_access=.*; Secure/);
  expect(refresh).toMatch(/^__Secure-bt_refresh=.*; Secure/);
  expect(csrf).toMatch(/^bt_csrf=.*; Secure/);
  expect(device).toMatch(/^__Secure-bt_device=.*; Secure/);
  expect(answer.headers.get('Strict-Transport-Security')).toMatch(/max-age=\d+/);
});

async function signIn(email = 'bob@example.com') {
  const browser = browserOf(app.request);
  const { name: _, ...login } = person(email);
  const answer = await browser.request('POST', `${AUTH}/login`, { body: login });
  expect(answer.status).toBe(200);
  return browser;
}

test('a write needs the CSRF token of this very session', async () => {
  const browser = await signIn();
  const other = await signIn();
  const write = (headers: Record<string, string>) =>
    browser.request('POST', '/api/v1/api-keys', { body: { name: 'k', scopes: ['read'] }, headers });
  expect((await write({ 'X-CSRF-Token': '' })).body.code).toBe('csrf_failed');
  const foreign = other.cookies.get('bt_csrf') ?? '';
  const own = browser.cookies.get('bt_csrf') ?? '';
  browser.cookies.set('bt_csrf', foreign);
  expect((await write({ 'X-CSRF-Token': foreign })).body.code).toBe('csrf_failed');
  browser.cookies.set('bt_csrf', own);
  expect((await write({ Origin: 'https://evil.example' })).body.code).toBe('csrf_failed');
  expect((await write({ Origin: 'http://localhost:8080' })).status).toBe(201);
});

test('a refresh token works once: a second use ends the session everywhere', async () => {
  const browser = await signIn();
  const stolen = new Map(browser.cookies);
  expect((await browser.request('POST', `${AUTH}/refresh`)).status).toBe(200);
  expect(browser.cookies.get('bt_refresh')).not.toBe(stolen.get('bt_refresh'));
  app.advance(11_000);
  const thief = browserOf(app.request);
  for (const [name, value] of stolen) thief.cookies.set(name, value);
  expect((await thief.request('POST', `${AUTH}/refresh`)).body.code).toBe('session_expired');
  expect((await browser.request('GET', `${AUTH}/me`)).status).toBe(401);
  expect((await browser.request('POST', `${AUTH}/refresh`)).body.code).toBe('session_expired');
});

test('two tabs that refresh at the same moment both stay signed in', async () => {
  const tab = await signIn();
  const otherTab = browserOf(app.request);
  for (const [name, value] of tab.cookies) otherTab.cookies.set(name, value);
  expect((await tab.request('POST', `${AUTH}/refresh`)).status).toBe(200);
  const late = await otherTab.request('POST', `${AUTH}/refresh`);
  expect(late.status).toBe(200);
  // The browser already holds the new refresh cookie of the first tab, which must not be overwritten.
  expect(late.headers.getSetCookie().some((line) => line.startsWith('bt_refresh'))).toBe(false);
  app.advance(60_000);
  expect((await tab.request('POST', `${AUTH}/refresh`)).status).toBe(200);
});

test('the access token runs out after 15 minutes and the refresh token renews it', async () => {
  const browser = await signIn();
  expect((await browser.request('GET', `${AUTH}/me`)).status).toBe(200);
  app.advance(15 * 60_000 + 1000);
  expect((await browser.request('GET', `${AUTH}/me`)).status).toBe(401);
  expect((await browser.request('POST', `${AUTH}/refresh`)).status).toBe(200);
  expect((await browser.request('GET', `${AUTH}/me`)).body.user.email).toBe('bob@example.com');
});

test('signing out ends the session at once, also for a copy of its cookies', async () => {
  const browser = await signIn();
  const copy = browserOf(app.request);
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  expect((await browser.request('POST', `${AUTH}/logout`)).status).toBe(204);
  expect([...browser.cookies.keys()]).toEqual(['bt_device']);
  expect((await copy.request('GET', `${AUTH}/me`)).status).toBe(401);
});

test('a foreign page does not sign anybody out', async () => {
  const answer = await app.request('POST', `${AUTH}/logout`, { headers: { Origin: 'https://evil.example' } });
  expect([answer.status, answer.body.code, answer.headers.getSetCookie()]).toEqual([403, 'csrf_failed', []]);
});

test('API keys: scopes, last use, expiry, revocation', async () => {
  const browser = await signIn();
  const create = (body: object) => browser.request('POST', '/api/v1/api-keys', { body });
  const { body: key } = await create({ name: 'reader', scopes: ['read'], expiresInDays: 1 });
  expect(key.key).toMatch(/^btk_[\w-]{43}$/);
  expect(key.key.startsWith(key.prefix)).toBe(true);
  const bearer = { headers: { Authorization: `Bearer ${key.key}` } };
  expect((await app.request('GET', '/api/v1/monitors', bearer)).status).toBe(200);
  const write = await app.request('POST', '/api/v1/channels', {
    ...bearer,
    body: { name: 'x', type: 'webhook', config: { url: 'https://example.com' } },
  });
  expect(write.body.code).toBe('insufficient_scope');
  const listed = await browser.request('GET', '/api/v1/api-keys');
  expect(listed.text).not.toContain(key.key);
  expect(listed.body.data[0]).toMatchObject({ id: key.id, lastUsedAt: expect.any(String) });

  const { body: other } = await create({ name: 'other', scopes: ['read'] });
  expect((await browser.request('DELETE', `/api/v1/api-keys/${other.id}`)).status).toBe(204);
  const revoked = await app.request('GET', '/api/v1/monitors', { headers: { Authorization: `Bearer ${other.key}` } });
  expect(revoked.body.code).toBe('unauthenticated');
  app.advance(25 * 60 * 60_000);
  expect((await app.request('GET', '/api/v1/monitors', bearer)).body.detail).toMatch(/expired/);
});
