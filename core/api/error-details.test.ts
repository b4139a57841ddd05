import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANNEL, createSamples, MONITOR, type SampleObjects } from '#tests/core/sample-objects.ts';
import { type Answer, type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { jsonFault } from './json-fault.ts';

/** An invalid request is answered with the place of the fault and the expected value, in words. */
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
const get = (path: string): Promise<Answer> => ada.request('GET', `${API}${path}`);

/** Expects the first place of the answer's errors, and the same text in its detail. */
function expectNamed(answer: Answer, status: number, path: string, message: string | RegExp): void {
  expect([answer.status, answer.body.errors?.[0]?.path], answer.text).toEqual([status, path]);
  const said: string = answer.body.errors[0].message;
  if (typeof message === 'string') expect(said).toBe(message);
  else expect(said).toMatch(message);
  expect(answer.body.detail).toBe(`${path}: ${said}`);
}

const FAULTS = [
  ['{"name":', 'line 1, column 9: unexpected end'],
  ['{"name":}', 'line 1, column 9: unexpected "}"'],
  ['{"name": "Shop",}', 'line 1, column 17: unexpected "}"'],
  ['{"name": "Shop"\n "type": "http"}', 'line 2, column 2: unexpected "\\""'],
  ["{'name': 1}", 'line 1, column 2: unexpected "\'"'],
  ['{name: 1}', 'line 1, column 2: unexpected "n"'],
  ['{"a": 01}', 'line 1, column 8: unexpected "1"'],
  ['{"a": .5}', 'line 1, column 7: unexpected "."'],
  ['{"a": 1.}', 'line 1, column 8: unexpected "."'],
  ['{"a": +1}', 'line 1, column 7: unexpected "+"'],
  ['{"a": undefined}', 'line 1, column 7: unexpected "u"'],
  ['{"a": NaN}', 'line 1, column 7: unexpected "N"'],
  ['{"a": "\\x"}', 'line 1, column 9: unexpected "x"'],
  ['{"a": "\\u12"}', 'line 1, column 9: unexpected "u"'],
  ['{"a": "line\nbreak"}', 'line 1, column 12: unexpected "\\n"'],
  ['{"a": "open', 'line 1, column 12: unexpected end'],
  ['{"a": [1, 2}', 'line 1, column 12: unexpected "}"'],
  ['{"a": 1}{"b": 2}', 'line 1, column 9: unexpected "{"'],
  ['{"a": 1} // done', 'line 1, column 10: unexpected "/"'],
  ['{\r\n  "a": tru\r\n}', 'line 2, column 8: unexpected "t"'],
  ['name=Shop', 'line 1, column 1: unexpected "n"'],
  ['{"a": 💥}', 'line 1, column 7: unexpected "💥"'],
] as const;

test.each(FAULTS)('malformed JSON: %j is wrong at %s', async (rawBody, where) => {
  for (const [method, path] of [
    ['POST', '/monitors'],
    ['PATCH', `/channels/${objects.channel}`],
    ['POST', '/auth/login'],
  ] as const) {
    const answer = await ada.request(method, `${API}${path}`, { rawBody });
    expect(answer.body).toMatchObject({ code: 'malformed_json', detail: `The body is not valid JSON at ${where}.` });
  }
});

test('the fault of JSON with one character that may stand nowhere is that character, or the token it cut in two', () => {
  const nowhere = '\u0001';
  const property = fc.property(fc.json(), fc.nat(), (json, somewhere) => {
    const offset = somewhere % (json.length + 1);
    const [, column] =
      /^line 1, column (\d+): /.exec(jsonFault(json.slice(0, offset) + nowhere + json.slice(offset))) ?? [];
    const fault = Number(column) - 1;
    expect(fault).toBeLessThanOrEqual(offset);
    expect(json.slice(fault, offset)).toMatch(/^[\w.+-]*$/);
  });
  fc.assert(property);
});

test('a string of a megabyte is looked through', () => {
  const open = `["${'x\\n'.repeat(300_000)}"`;
  expect(jsonFault(open)).toBe(`line 1, column ${open.length + 1}: unexpected end`);
});

test.each([
  ['text/plain', 'POST', 'application/json', 'the Content-Type "text/plain"'],
  [
    'application/x-www-form-urlencoded',
    'POST',
    'application/json',
    'the Content-Type "application/x-www-form-urlencoded"',
  ],
  ['multipart/form-data; boundary=x', 'POST', 'application/json', 'the Content-Type "multipart/form-data; boundary=x"'],
  ['application/jsonx', 'POST', 'application/json', 'the Content-Type "application/jsonx"'],
  ['', 'POST', 'application/json', 'no Content-Type'],
  ['text/plain', 'PATCH', 'application/json or application/merge-patch+json', 'the Content-Type "text/plain"'],
] as const)('content type %j of a %s: the expected one is named', async (type, method, expected, given) => {
  const path = method === 'POST' ? '/monitors' : `/monitors/${objects.monitor}`;
  const headers = { 'Content-Type': type };
  const answer = await ada.request(method, `${API}${path}`, { rawBody: JSON.stringify(MONITOR), headers });
  expect(answer.status).toBe(415);
  expect(answer.body.detail).toBe(`Send the body as ${expected}; it came with ${given}.`);
});

const LISTS = [
  '/monitors',
  '/alert-rules',
  '/incidents',
  '/channels',
  '/status-pages',
  '/api-keys',
  '/audit-log',
  '/dead-letters',
];
const lists = () => [...LISTS, `/monitors/${objects.monitor}/results`, `/channels/${objects.channel}/deliveries`];

test.each(['0', '-1', '201', '1.5', 'abc', '', '1e9', 'NaN', '9'.repeat(400)])(
  'limit=%s: every list says what it may be',
  async (limit) => {
    for (const path of lists()) {
      expectNamed(await get(`${path}?limit=${limit}`), 422, 'limit', 'must be a whole number from 1 to 200');
    }
  },
);

const encoded = (text: string) => Buffer.from(text).toString('base64url');
const id = (prefix: string) => `${prefix}_${'0'.repeat(26)}`;

test.each([
  '!',
  'abc',
  encoded('hello'),
  encoded("mon_' or 1=1"),
  encoded(id('usr')),
  encoded(`${id('mon')}\n${id('mon')}`),
  encoded('2026-13-01T00:00:00.000Z\neu-west\ntrue'),
  encoded('2026-01-01T00:00:00.000Z\neu-west\nmaybe'),
  encoded(`dlt_${'9'.repeat(26)}`),
  `${encoded(id('mon'))}!`,
])('cursor=%s: every list says that it did not give it', async (cursor) => {
  for (const path of lists()) {
    const answer = await get(`${path}?cursor=${encodeURIComponent(cursor)}`);
    expectNamed(answer, 400, 'cursor', 'is not one that this list has given');
  }
});

test('a cursor of one list is none of another', async () => {
  await ada.request('POST', `${API}/monitors`, { body: MONITOR });
  const { nextCursor } = (await get('/monitors?limit=1')).body;
  expect((await get(`/monitors?cursor=${nextCursor}`)).status).toBe(200);
  for (const path of lists().filter((list) => list !== '/monitors')) {
    expectNamed(await get(`${path}?cursor=${nextCursor}`), 400, 'cursor', 'is not one that this list has given');
  }
});

const TIME = 'must be a time in UTC such as 2026-01-31T12:00:00Z';

test.each([
  ['results', 'from=yesterday', 422, 'from', TIME],
  ['results', 'to=2026-01-01', 422, 'to', TIME],
  ['results', 'from=2026-02-30T00:00:00Z', 422, 'from', TIME],
  ['results', 'from=1767225600', 422, 'from', TIME],
  ['results', 'from=0000-01-01T00:00:00Z', 400, 'from', 'must be in the year 1 or later'],
  ['results', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 422, 'from', 'must not be after to'],
  ['results', 'location=moon', 422, 'location', /expected one of .*eu-west/],
  ['results', 'outcome=fine', 422, 'outcome', /expected one of "success"/],
  ['series', 'from=yesterday', 422, 'from', TIME],
  ['series', 'to=0000-01-01T00:00:00Z', 400, 'to', 'must be in the year 1 or later'],
  ['series', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 422, 'from', 'must not be after to'],
  ['series', 'from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 422, 'from', 'must be before to'],
  ['series', 'from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z&step=5', 422, 'step', 'gives more than 2000 points'],
  ['series', 'step=1', 422, 'step', 'must be a whole number from 5 to 86400'],
  ['series', 'step=abc', 422, 'step', 'must be a whole number from 5 to 86400'],
  ['uptime', 'window=1y', 422, 'window', /expected one of "24h"/],
] as const)('GET …/%s?%s is %i and names %s', async (part, query, status, path, message) => {
  expectNamed(await get(`/monitors/${objects.monitor}/${part}?${query}`), status, path, message);
});

test.each([
  ['/monitors?status=odd', 'status', /expected one of "pending"/],
  ['/incidents?status=odd', 'status', /expected one of "open"/],
  ['/incidents?severity=odd', 'severity', /expected one of "critical"/],
  [`/monitors?q=${'x'.repeat(121)}`, 'q', /<=120 characters/],
  [`/monitors?tag=${'x'.repeat(65)}`, 'tag', /<=64 characters/],
] as const)('GET %s names the parameter and what it may be', async (path, name, message) => {
  expectNamed(await get(path), 422, name, message);
});

const PATHS = [
  ['mon', 'GET', '/monitors/{}'],
  ['mon', 'PATCH', '/monitors/{}'],
  ['mon', 'DELETE', '/monitors/{}'],
  ['mon', 'POST', '/monitors/{}/pause'],
  ['mon', 'GET', '/monitors/{}/results'],
  ['rul', 'GET', '/alert-rules/{}'],
  ['inc', 'GET', '/incidents/{}'],
  ['inc', 'POST', '/incidents/{}/acknowledge'],
  ['chn', 'GET', '/channels/{}'],
  ['chn', 'GET', '/channels/{}/deliveries'],
  ['stp', 'GET', '/status-pages/{}'],
  ['key', 'DELETE', '/api-keys/{}'],
  ['dlt', 'DELETE', '/dead-letters/{}'],
] as const;

test.each(PATHS)('an id that is no %s_…: %s %s says how one is written', async (prefix, method, template) => {
  for (const wrong of ['1', id('xxx'), `${id(prefix)}0`, id(prefix).toUpperCase(), "'%20or%201=1"]) {
    const body = method === 'PATCH' ? { body: {} } : {};
    const answer = await ada.request(method, `${API}${template.replace('{}', wrong)}`, body);
    expectNamed(answer, 404, 'id', `must be ${prefix}_ and 26 digits and lower-case letters`);
  }
});

test.each([
  ['POST', '/monitors', { ...MONITOR, colour: 'red' }, 'colour'],
  ['POST', '/monitors', { ...MONITOR, config: { ...MONITOR.config, colour: 'red' } }, 'config.colour'],
  [
    'POST',
    '/monitors',
    { ...MONITOR, config: { ...MONITOR.config, auth: { type: 'bearer', token: 'x', user: 'y' } } },
    'config.auth.user',
  ],
  [
    'POST',
    '/monitors',
    {
      ...MONITOR,
      config: { ...MONITOR.config, assertions: [{ source: 'status', compare: 'eq', value: 200, x: 1 }] },
    },
    'config.assertions.0.x',
  ],
  ['POST', '/monitors/test', { type: 'http', config: MONITOR.config, colour: 'red' }, 'colour'],
  ['PATCH', '/monitors/{monitor}', { colour: 'red' }, 'colour'],
  ['PATCH', '/monitors/{monitor}', { confirm: { colour: 'red' } }, 'confirm.colour'],
  ['POST', '/channels', { name: 'H', type: 'webhook', config: { url: 'https://a.example/', x: 1 } }, 'config.x'],
  ['POST', '/channels', { ...CHANNEL, colour: 'red' }, 'colour'],
  ['PATCH', '/channels/{channel}', { colour: 'red' }, 'colour'],
  ['POST', '/status-pages', { name: 'P', slug: 'p-p', components: [{ name: 'C', x: 1 }] }, 'components.0.x'],
  ['PATCH', '/status-pages/{statusPage}', { colour: 'red' }, 'colour'],
  ['POST', '/incidents', { title: 'I', colour: 'red' }, 'colour'],
  ['POST', '/incidents/{incident}/notes', { text: 'x', colour: 'red' }, 'colour'],
  ['PATCH', '/alert-rules/{alertRule}', { condition: { type: 'consecutiveFailures', count: 2, x: 1 } }, 'condition.x'],
  ['POST', '/api-keys', { name: 'k', scopes: ['read'], colour: 'red' }, 'colour'],
  ['POST', '/auth/login', { email: 'a@example.com', password: 'x', colour: 'red' }, 'colour'],
] as const)('%s %s with an unknown member names it', async (method, template, body, path) => {
  const filled = template.replace(/\{(\w+)\}/, (_, kind: keyof SampleObjects) => objects[kind]);
  expectNamed(await ada.request(method, `${API}${filled}`, { body }), 422, path, 'is not known here');
});

test.each([
  ['[]', /expected object, received array/],
  ['null', /expected object, received null/],
  ['"x"', /expected object, received string/],
])('a body that is %s is told to be an object', async (rawBody, message) => {
  for (const path of ['/channels', '/incidents', '/status-pages', '/api-keys']) {
    const answer = await ada.request('POST', `${API}${path}`, { rawBody });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body.detail).toMatch(message);
  }
});
