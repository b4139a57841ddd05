import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, browserOf, PASSWORD, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/** What a person does with their own sign-ins: see them, end them, change the password. */

const AUTH = '/api/v1/auth';
const DAY_MS = 86_400_000;
const NEW_PASSWORD = 'marmalade at quarter past';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
});
afterAll(() => app.close());

/** Two browsers of a new account. */
async function twoOf(email: string): Promise<[Browser, Browser]> {
  app.advance(30_000);
  return [await app.signUp(email), await app.signIn(email)];
}
const isIn = async (browser: Browser) => (await browser.request('GET', `${AUTH}/me`)).status === 200;
const sessionsOf = async (browser: Browser) => (await browser.request('GET', `${AUTH}/sessions`)).body.data;
const lastAudited = async (browser: Browser) =>
  (await browser.request('GET', '/api/v1/audit-log?limit=1')).body.data[0];
const change = (browser: Browser, currentPassword: string, newPassword = NEW_PASSWORD) =>
  browser.request('POST', `${AUTH}/password`, { body: { currentPassword, newPassword } });

test('sessions are listed with device, address and last use, and this one is marked', async () => {
  const [first] = await twoOf('list@example.com');
  const other = browserOf(app.request);
  const body = { email: 'list@example.com', password: PASSWORD };
  await other.request('POST', `${AUTH}/login`, { body, headers: { 'User-Agent': 'Firefox on a phone' } });
  const listed = await sessionsOf(first);
  expect(listed).toHaveLength(3);
  expect(listed.map(({ current }: { current: boolean }) => current)).toEqual([false, false, true]);
  expect(listed[0]).toMatchObject({ userAgent: 'Firefox on a phone', address: expect.any(String) });
  const before = Date.parse(listed[0].lastSeenAt);
  app.advance(20 * 60_000);
  expect((await other.request('POST', `${AUTH}/refresh`)).status).toBe(200);
  await first.request('POST', `${AUTH}/refresh`);
  expect(Date.parse((await sessionsOf(first))[0].lastSeenAt) - before).toBeGreaterThanOrEqual(20 * 60_000);
});

test('a session that is ended is out at once, and cannot be renewed; of others nothing is seen', async () => {
  const [own, phone] = await twoOf('end@example.com');
  const [stranger] = await twoOf('stranger@example.com');
  const [{ id }] = await sessionsOf(own);
  expect((await stranger.request('DELETE', `${AUTH}/sessions/${id}`)).status).toBe(404);
  expect(await isIn(phone)).toBe(true);
  expect((await own.request('DELETE', `${AUTH}/sessions/${id}`)).status).toBe(204);
  expect([await isIn(phone), await isIn(own)]).toEqual([false, true]);
  expect((await phone.request('POST', `${AUTH}/refresh`)).body.code).toBe('session_expired');
  expect(await lastAudited(own)).toMatchObject({ action: 'session.end', target: { id } });
  expect((await own.request('DELETE', `${AUTH}/sessions/${id}`)).status).toBe(404);
});

test('all others end together', async () => {
  const [own, phone] = await twoOf('others@example.com');
  const tablet = await app.signIn('others@example.com');
  const [stranger] = await twoOf('untouched@example.com');
  expect((await own.request('DELETE', `${AUTH}/sessions`)).status).toBe(204);
  expect(await Promise.all([own, phone, tablet, stranger].map(isIn))).toEqual([true, false, false, true]);
  expect(await lastAudited(own)).toMatchObject({ action: 'session.end_others', after: { ended: 2 } });
});

test('ending the own session signs this browser out', async () => {
  const [own] = await twoOf('own@example.com');
  const { id } = (await sessionsOf(own)).find(({ current }: { current: boolean }) => current);
  expect((await own.request('DELETE', `${AUTH}/sessions/${id}`)).status).toBe(204);
  expect([...own.cookies.keys()]).toEqual(['bt_device']);
});

test('a session ends 30 days after its sign-in, however it is used, and after a week without use', async () => {
  const [used, idle] = await twoOf('month@example.com');
  for (let day = 0; day < 29; day++) {
    app.advance(DAY_MS);
    expect((await used.request('POST', `${AUTH}/refresh`)).status).toBe(200);
    if (day === 7) expect((await idle.request('POST', `${AUTH}/refresh`)).body.code).toBe('session_expired');
  }
  const own = (await sessionsOf(used)).find(({ current }: { current: boolean }) => current);
  expect(Date.parse(own.expiresAt) - Date.parse(own.createdAt)).toBe(30 * DAY_MS);
  app.advance(DAY_MS);
  expect(await isIn(used)).toBe(false);
  expect((await used.request('POST', `${AUTH}/refresh`)).body.code).toBe('session_expired');
});

test('a session from a version without a last day ends after 30 days, too', async () => {
  const [, phone] = await twoOf('upgraded@example.com');
  const [{ id }] = await sessionsOf(phone);
  const createdAt = new Date(app.ctx.clock.now().getTime() - 31 * DAY_MS).toISOString();
  await app.ctx.sql`UPDATE sessions SET created_at = ${createdAt} WHERE id = ${id}`;
  expect((await phone.request('POST', `${AUTH}/refresh`)).body.code).toBe('session_expired');
});

test('a changed password: the old one is refused, the new one accepted, and every other session is out', async () => {
  const [own, phone] = await twoOf('change@example.com');
  expect((await change(own, PASSWORD)).status).toBe(204);
  expect([await isIn(own), await isIn(phone)]).toEqual([true, false]);
  expect(await lastAudited(own)).toMatchObject({ action: 'account.change_password', after: { sessionsEnded: 1 } });
  const signIn = async (password: string) =>
    (await app.request('POST', `${AUTH}/login`, { body: { email: 'change@example.com', password } })).status;
  expect([await signIn(PASSWORD), await signIn(NEW_PASSWORD)]).toEqual([401, 200]);
});

test('a change needs the present password, an uncommon new one, a CSRF token and a person', async () => {
  const [own, phone] = await twoOf('needs@example.com');
  const refused = async (answer: Promise<{ status: number; body: { code: string; errors?: { path: string }[] } }>) => {
    app.advance(1000);
    const { status, body } = await answer;
    return [status, body.code, body.errors?.[0]?.path];
  };
  expect(await refused(change(own, 'wrong password'))).toEqual([422, 'validation_failed', 'currentPassword']);
  expect(await refused(change(own, PASSWORD, 'Password123'))).toEqual([422, 'password_too_common', 'newPassword']);
  expect(await refused(change(own, PASSWORD, 'short'))).toEqual([422, 'validation_failed', 'newPassword']);
  const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  const headers = { 'X-CSRF-Token': 'x' };
  expect((await own.request('POST', `${AUTH}/password`, { body, headers })).body.code).toBe('csrf_failed');
  const { key } = (await own.request('POST', '/api/v1/api-keys', { body: { name: 'k', scopes: ['admin'] } })).body;
  const bearer = { Authorization: `Bearer ${key}` };
  expect((await app.request('POST', `${AUTH}/password`, { body, headers: bearer })).status).toBe(403);
  expect((await app.request('GET', `${AUTH}/sessions`, { headers: bearer })).status).toBe(403);
  expect(await isIn(phone)).toBe(true);
});

test('of two changes at one moment one is made', async () => {
  const [own] = await twoOf('race@example.com');
  const answers = await Promise.all([change(own, PASSWORD, 'marmalade one'), change(own, PASSWORD, 'marmalade two')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
});

test('the present password cannot be guessed by whoever has a session', async () => {
  const [own] = await twoOf('screen@example.com');
  for (let n = 0; n < 100; n++) {
    app.advance(1000);
    await change(own, 'wrong password');
  }
  app.advance(1000);
  const answer = await change(own, PASSWORD);
  expect([answer.status, answer.body.code]).toEqual([429, 'too_many_attempts']);
});
