import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '#core/platform/logger.ts';
import { CHANNEL, MONITOR } from '#tests/core/sample-objects.ts';
import { browserOf, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
});
afterAll(() => app.close());

const SECRET = 'open-sesame-4711';
const API = '/api/v1';
const account = { email: 'ada@example.com', password: `long ${SECRET}`, name: 'Ada' };
const channel = { ...CHANNEL, config: { ...CHANNEL.config, headers: { 'X-Key': SECRET } } };
const auth = { type: 'basic', username: 'ada', password: SECRET };

test('no secret gets into the log, whatever goes wrong, nor into any answer but the one that gives it', async () => {
  const lines: string[] = [];
  const logger = createLogger('debug', { write: (line) => void lines.push(line) });
  const edge = {
    ...app.ctx.edge,
    test: (request: unknown) => Promise.reject(new Error('the edge', { cause: request })),
  };
  const ada = browserOf(app.variant({ logger, edge }));
  const answers = [
    await ada.request('POST', `${API}/auth/register`, { body: account }),
    await ada.request('POST', `${API}/auth/login`, { body: { ...account, name: undefined } }),
    await ada.request('POST', `${API}/auth/login`, { body: { email: 'x@example.com', password: `wrong ${SECRET}` } }),
    await ada.request('POST', `${API}/channels`, { body: channel, headers: { 'Idempotency-Key': 'k' } }),
    await ada.request('POST', `${API}/monitors`, { body: { ...MONITOR, config: { ...MONITOR.config, auth } } }),
    await ada.request('POST', `${API}/monitors/test`, { body: { type: 'http', config: { ...MONITOR.config, auth } } }),
    await ada.request('POST', `${API}/monitors`, { body: { ...MONITOR, config: { ...MONITOR.config, auth: SECRET } } }),
    await ada.request('GET', `${API}/monitors`, { headers: { Authorization: `Bearer btk_${SECRET}` } }),
  ];
  // Without the table, the driver's error contains the statement and its parameters.
  for (const table of ['channels', 'monitors', 'users', 'api_keys']) {
    await app.ctx.sql.unsafe(`alter table ${table} rename to gone`);
    answers.push(
      await ada.request('POST', `${API}/channels`, { body: channel }),
      await ada.request('POST', `${API}/monitors`, { body: { ...MONITOR, config: { ...MONITOR.config, auth } } }),
      await ada.request('POST', `${API}/auth/login`, { body: { email: account.email, password: account.password } }),
      await ada.request('GET', `${API}/monitors`, { headers: { Authorization: `Bearer btk_${SECRET}` } }),
    );
    await app.ctx.sql.unsafe(`alter table gone rename to ${table}`);
  }
  answers.push(await ada.request('GET', `${API}/channels`), await ada.request('GET', `${API}/audit-log`));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 500).length).toBeGreaterThan(4);
  expect(lines.length).toBeGreaterThan(answers.length);
  const [refresh = ''] = (ada.cookies.get('bt_refresh') ?? '').split('.').slice(1);
  for (const secret of [
    SECRET,
    refresh,
    ada.cookies.get('bt_access') ?? '',
    /whsec_\w/,
    /argon2/,
    /\bv1\.[\w-]{16}\./,
  ]) {
    expect(lines.filter((line) => line.match(secret) !== null)).toEqual([]);
  }
  expect(answers.filter(({ text }) => text.includes(SECRET)).map(({ text }) => text)).toEqual([]);
  const given = answers.filter(({ text }) => text.includes('whsec_'));
  expect(new Set(given.map(({ status }) => status))).toEqual(new Set([201]));
});
