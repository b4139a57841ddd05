import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passwordAttempts } from '#db/schema.ts';
import { type Answer, PASSWORD, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/** Guessing a password, for accounts that exist and for such that do not. */

const AUTH = '/api/v1/auth';
const HOUR_MS = 3_600_000;
const FREE = 100;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
});
afterAll(() => app.close());

/** Attempts that an API process lets through from one address at one moment (CREDENTIALS). */
const AT_ONCE = 25;
let sent = 0;
let api: TestApp['request'];

/** By another API process every 25 attempts, so that the limit of an address is never the reason. */
function send(path: string, body: object, device = ''): Promise<Answer> {
  if (sent % AT_ONCE === 0) api = app.variant({});
  sent += 1;
  return api('POST', `${AUTH}${path}`, { body, headers: { Cookie: `bt_device=${device}` } });
}

const attempt = (email: string, password = 'wrong password', device?: string) =>
  send('/login', { email, password }, device);

/** The codes of so many wrong passwords at one moment. */
async function guess(email: string, times: number, device?: string): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: times }, () => attempt(email, 'wrong password', device)));
  return [...new Set(answers.map(({ body }) => body.code))];
}

/** Registers an account; answers the cookie by which the device is known from now on. */
async function register(email: string, password = PASSWORD): Promise<string> {
  const answer = await send('/register', { email, password, name: email });
  expect([answer.status, answer.body.code]).toEqual([201, undefined]);
  return deviceIn(answer);
}

function deviceIn(answer: Answer): string {
  const line = answer.headers.getSetCookie().find((cookie) => cookie.startsWith('bt_device=')) ?? '';
  return line.slice('bt_device='.length).split(';', 1).join();
}

test.each([
  ['an account', 'ada@example.com'],
  ['no account', 'nobody@example.com'],
])('%s: a hundred wrong passwords in an hour, then a wait that grows and is told', async (_, email) => {
  if (email.startsWith('ada')) await register(email);
  expect(await guess(email, FREE)).toEqual(['invalid_credentials']);
  const waits: number[] = [];
  for (let n = 0; n < 8; n++) {
    const refused = await attempt(email, PASSWORD);
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_attempts']);
    const seconds = Number(refused.headers.get('Retry-After'));
    expect(refused.body.detail).toContain(`${seconds} s`);
    waits.push(seconds);
    app.advance(seconds * 1000);
    expect((await attempt(email)).body.code).toBe('invalid_credentials');
  }
  const doubled = [60, 120, 240, 480, 960, 1920, 3600, 3600];
  for (const [n, seconds] of waits.entries()) expect(seconds).toBeLessThanOrEqual(doubled[n] ?? 0);
  for (const [n, seconds] of waits.entries()) expect(seconds).toBeGreaterThan((doubled[n] ?? 0) - 30);
  app.advance(24 * HOUR_MS);
  expect(await guess(email, 2)).toEqual(['invalid_credentials']);
});

test('ninety-nine in an hour and again in the next are no reason to wait', async () => {
  for (let hour = 0; hour < 2; hour++) {
    expect(await guess('slow@example.com', FREE - 1)).toEqual(['invalid_credentials']);
    app.advance(HOUR_MS);
  }
});

test('three hundred at one moment from three hundred addresses are a hundred', async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, () => attempt('crowd@example.com')));
  const codes = answers.map(({ body }) => body.code);
  expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(FREE);
  expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(200);
});

describe('a device that has signed in before', () => {
  test('gets in while strangers wait, and is not known to another account', async () => {
    const own = await register('owner@example.com');
    const mallorys = await register('mallory@example.com');
    expect(await guess('owner@example.com', FREE)).toEqual(['invalid_credentials']);
    expect((await attempt('owner@example.com', PASSWORD)).status).toBe(429);
    // Of another account, forged, and signed for another device.
    const [device = '', signature = ''] = own.split('.');
    for (const cookie of [mallorys, `${device}.${'x'.repeat(43)}`, `x${device.slice(1)}.${signature}`]) {
      expect((await attempt('owner@example.com', PASSWORD, cookie)).body.code).toBe('too_many_attempts');
    }
    expect((await attempt('owner@example.com', PASSWORD, own)).status).toBe(200);
  });

  test('may guess no more often than strangers', async () => {
    const own = await register('careless@example.com');
    expect(await guess('careless@example.com', FREE, own)).toEqual(['invalid_credentials']);
    expect((await attempt('careless@example.com', PASSWORD, own)).body.code).toBe('too_many_attempts');
    // What it has used up is not taken from the account's other devices.
    expect((await attempt('careless@example.com', PASSWORD)).status).toBe(200);
  });

  test('stays known to four accounts', async () => {
    let shared = '';
    for (const name of ['a', 'b', 'c', 'd']) {
      await register(`${name}@home.example`);
      shared = deviceIn(await attempt(`${name}@home.example`, PASSWORD, shared));
    }
    await guess('a@home.example', FREE);
    expect((await attempt('a@home.example', PASSWORD)).status).toBe(429);
    expect((await attempt('a@home.example', PASSWORD, shared)).status).toBe(200);
  });
});

test('the right password is no attempt: it causes no wait, and ends none', async () => {
  await register('often@example.com');
  for (let n = 0; n < 5; n++) expect((await attempt('often@example.com', PASSWORD)).status).toBe(200);
  await guess('often@example.com', FREE - 1);
  // The hundredth attempt of the hour.
  expect((await attempt('often@example.com', PASSWORD)).status).toBe(200);
  expect((await attempt('often@example.com', PASSWORD)).status).toBe(200);
  expect((await attempt('often@example.com')).body.code).toBe('invalid_credentials');
  expect((await attempt('often@example.com', PASSWORD)).body.code).toBe('too_many_attempts');
});

test('what is remembered holds no e-mail, and is forgotten', async () => {
  const rows = await app.ctx.db.select().from(passwordAttempts);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ subject }) => subject.includes('@'))).toEqual([]);
  app.advance(25 * HOUR_MS);
  await attempt('last@example.com');
  expect(await app.ctx.db.select().from(passwordAttempts)).toHaveLength(1);
});

describe('common passwords', () => {
  test.each([
    'qwertyuiop',
    '1234567890',
    'password123',
    'PassWord123',
    ' password123 ',
    'administrator',
    '1q2w3e4r5t',
    'ｐａｓｓｗｏｒｄ１２３',
    'basketball1',
  ])('%s is refused', async (password) => {
    const { status, body } = await send('/register', { email: 'eve@example.com', password, name: 'Eve' });
    expect([status, body.code, body.errors?.[0]?.path]).toEqual([422, 'password_too_common', 'password']);
  });

  test('one that nobody else has is accepted', async () => {
    await register('eve@example.com', 'marmalade at quarter past');
  });
});
