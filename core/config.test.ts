import { expect, test } from 'vitest';
import { ConfigError, readConfig } from './config.ts';
import { configWarnings } from './config-warnings.ts';

const read = (environment: Record<string, string>) => readConfig(environment, { oneMachine: false });

test('proxies are named by address or network', () => {
  expect(read({}).trustedProxies).toEqual([]);
  const named = '10.0.0.0/8, ::1,2001:db8::/32 ,192.0.2.1';
  expect(read({ BLACKTIDE_TRUSTED_PROXIES: named }).trustedProxies).toEqual([
    '10.0.0.0/8',
    '::1',
    '2001:db8::/32',
    '192.0.2.1',
  ]);
});

test('canaries are URLs on different sites, none by default', () => {
  expect(read({}).canaryUrls).toEqual([]);
  const named = 'https://one.example/, https://two.example/health,http://192.0.2.1:8080/';
  expect(read({ BLACKTIDE_CANARY_URLS: named }).canaryUrls).toEqual([
    'https://one.example/',
    'https://two.example/health',
    'http://192.0.2.1:8080/',
  ]);
});

test.each(['proxy.example.com', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '*', '10.0.0.1:80'])(
  'a proxy named %j is refused in one sentence',
  (name) => {
    expect(() => read({ BLACKTIDE_TRUSTED_PROXIES: name })).toThrow(ConfigError);
    expect(() => read({ BLACKTIDE_TRUSTED_PROXIES: name })).toThrow(
      /^BLACKTIDE_TRUSTED_PROXIES must be addresses or networks such as 10\.0\.0\.0\/8/,
    );
  },
);

test.each([
  [true, {}, true],
  [true, { BLACKTIDE_EDGE_URL: 'http://localhost:9787' }, true],
  [true, { BLACKTIDE_EDGE_URL: 'https://edge.example.com' }, false],
  [true, { BLACKTIDE_EDGE_URL: 'https://edge.example.com', BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'true' }, true],
  [true, { BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'false' }, false],
  [true, { BLACKTIDE_REGISTRATION: 'open' }, false],
  [true, { BLACKTIDE_REGISTRATION: 'open', BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'true' }, true],
  [false, {}, false],
  [false, { BLACKTIDE_ALLOW_PRIVATE_TARGETS: '1' }, true],
])('private targets: on one machine %s with %j → %s', (oneMachine, environment, allowed) => {
  expect(readConfig(environment, { oneMachine }).allowPrivateTargets).toBe(allowed);
});

test.each([
  [true, {}, '127.0.0.1'],
  [true, { BLACKTIDE_HOST: '0.0.0.0' }, '0.0.0.0'],
  [true, { BLACKTIDE_HOST: '::' }, '::'],
  [true, { BLACKTIDE_EDGE_URL: 'http://localhost:9787' }, '127.0.0.1'],
  [true, { BLACKTIDE_EDGE_URL: 'https://edge.example.com' }, undefined],
  [false, {}, undefined],
  [false, { BLACKTIDE_HOST: '10.0.0.5' }, '10.0.0.5'],
])('ports: on one machine %s with %j → %s', (oneMachine, environment, host) => {
  expect(readConfig(environment, { oneMachine }).host).toBe(host);
});

test.each([
  [{}, []],
  [{ BLACKTIDE_REGISTRATION: 'open' }, []],
  [{ BLACKTIDE_REGISTRATION: 'open', BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'true' }, [/BLACKTIDE_ALLOW_PRIVATE_TARGETS/]],
  [{ BLACKTIDE_PUBLIC_URL: 'https://a.example', BLACKTIDE_STATUS_URL: 'https://b.example' }, []],
  [{ BLACKTIDE_PUBLIC_URL: 'http://a.example', BLACKTIDE_STATUS_URL: 'http://[::1]:8787' }, [/BLACKTIDE_PUBLIC_URL/]],
  [{ BLACKTIDE_STATUS_URL: 'http://192.0.2.1' }, [/BLACKTIDE_STATUS_URL/]],
  [{ BLACKTIDE_TRUSTED_PROXIES: '10.0.0.0/8, ::/0' }, [/BLACKTIDE_TRUSTED_PROXIES/]],
  [{ BLACKTIDE_CORS_ORIGINS: 'https://a.example,http://localhost:3000,http://b.example' }, [/http:\/\/b\.example/]],
])('a start with %j warns of %j', (environment, expected) => {
  const warnings = configWarnings(readConfig(environment, { oneMachine: true }));
  expect(warnings).toEqual(expected.map((words) => expect.stringMatching(words)));
});

const messageOf = (environment: Record<string, string>): string => {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
};

const PORT = 'a number from 1 to 65535';
const WEB_URL = 'a URL such as https://example.com';
const POSTGRES_URL = 'a URL such as postgres://user:password@host:5432/database';
const ALL_ROLES = 'one or more of api, ingest, alerts, incidents, notify, aggregate, publish, separated by commas';

test.each([
  ['BLACKTIDE_API_PORT', PORT, ['abc', '0', '65536', '-1', '80.5', '0x50', '1e3', ' 80', '99999999', '٣']],
  ['BLACKTIDE_EDGE_PORT', PORT, ['abc', '0', '70000']],
  ['BLACKTIDE_HEALTH_PORT', PORT, ['abc', '0', '70000']],
  ['BLACKTIDE_ROLES', ALL_ROLES, ['boss', 'api,boss', 'API', ',', ' ']],
  ['BLACKTIDE_ALLOW_PRIVATE_TARGETS', 'true or false', ['yes', 'TRUE', '2']],
  ['BLACKTIDE_REGISTRATION', 'closed or open', ['maybe', 'OPEN', 'true']],
  ['BLACKTIDE_HOST', 'an address such as 127.0.0.1, 0.0.0.0 or ::', ['localhost', '*', '127.0.0.1:80', '300.1.1.1']],
  ['BLACKTIDE_LOG_LEVEL', 'debug, info, warn, error or silent', ['verbose', 'INFO']],
  ['DATABASE_URL', POSTGRES_URL, ['localhost', 'mysql://db/x', 'postgres://', 'postgres:db']],
  ['NATS_URL', 'a URL such as nats://host:4222 or tls://host:4222', ['localhost:4222', 'http://nats:4222', 'nats://']],
  ['BLACKTIDE_EDGE_URL', WEB_URL, ['edge', 'ftp://edge', 'http://', 'https//edge', 'http://edge:port']],
  ['BLACKTIDE_PUBLIC_URL', WEB_URL, ['example.com', '//example.com']],
  ['BLACKTIDE_STATUS_URL', WEB_URL, ['example.com', 'javascript:alert(1)']],
  [
    'BLACKTIDE_CORS_ORIGINS',
    'origins such as https://example.com, without a path, separated by commas',
    ['example.com', 'https://example.com/', '*', 'https://a.example,b.example', 'https://a:b'],
  ],
  [
    'BLACKTIDE_CANARY_URLS',
    '3 to 6 URLs on different sites, separated by commas',
    [
      'https://a.example/',
      'https://a.example/,https://b.example/',
      'https://a.example/,https://b.example/,https://www.b.example/',
      'https://192.0.2.1/,https://192.0.2.2/,https://b.example/',
      'https://a.example/,https://b.example/,ftp://c.example/',
      'https://a.example/,https://b.example/,https://c.example/,',
      '123456'
        .split('')
        .concat('7')
        .map((n) => `https://${n}.example`)
        .join(),
    ],
  ],
  [
    'BLACKTIDE_TRUSTED_PROXIES',
    'addresses or networks such as 10.0.0.0/8, separated by commas',
    ['proxy', '10.0.0.0/33', '10.0.0.1,proxy'],
  ],
] as const)('%s says what it must be and what it is', (name, expected, values) => {
  for (const value of values) {
    expect(messageOf({ [name]: value })).toBe(`${name} must be ${expected}, got ${JSON.stringify(value)}.`);
  }
});

test('every setting that is wrong is said at once', () => {
  const message = messageOf({ BLACKTIDE_API_PORT: 'abc', BLACKTIDE_LOG_LEVEL: 'loud' });
  expect(message.split('\n')).toEqual([
    'BLACKTIDE_API_PORT must be a number from 1 to 65535, got "abc".',
    'BLACKTIDE_LOG_LEVEL must be debug, info, warn, error or silent, got "loud".',
  ]);
});

test.each([
  ['DATABASE_URL', 'postgres://ada:hunter2@db:port/x'],
  ['DATABASE_URL', 'postgres//ada:hunter2@db/x'],
  ['DATABASE_URL', 'host=db user=ada password=hunter2'],
  ['DATABASE_URL', 'mysql://ada:hun/ter2@db'],
  ['DATABASE_URL', 'mysql://ada/hunter2@db'],
  ['NATS_URL', 'nats://hunter2@'],
  ['BLACKTIDE_PUBLIC_URL', 'ada:hunter2@example.com'],
  ['BLACKTIDE_STATUS_URL', 'ada:hunter2@example.com'],
  ['BLACKTIDE_CORS_ORIGINS', 'https://a.example,https://ada:hunter2@example.com/'],
  ['BLACKTIDE_CANARY_URLS', 'https://a.example,https://b.example,https://ada:hunter2@example.com/'],
])('%s=%s is refused without telling the password', (name, value) => {
  const message = messageOf({ [name]: value });
  expect(message).toMatch(
    new RegExp(`^${name} must be .*, got another value \\(not shown: it may hold a password\\)\\.$`),
  );
  expect(message).not.toMatch(/hunter|hun|ter2/);
});

test.each([
  ['DATABASE_URL', 'mysql://ada:hunter2@db:3306/x', 'mysql://***@db:3306/x'],
  ['DATABASE_URL', 'mysql://hunter2@db/x', 'mysql://***@db/x'],
  ['DATABASE_URL', 'mysql://db/x?user=ada&password=hunter2', 'mysql://db/x?***'],
  ['NATS_URL', 'http://ada:hunter2@nats:4222', 'http://***@nats:4222/'],
  ['BLACKTIDE_EDGE_URL', 'ftp://ada:hunter2@edge/#hunter2', 'ftp://***@edge/?***'],
])('%s=%s is shown without its password', (name, value, visible) => {
  expect(messageOf({ [name]: value })).toMatch(new RegExp(`^${name} must be `));
  expect(messageOf({ [name]: value }).endsWith(`, got ${JSON.stringify(visible)}.`)).toBe(true);
});

test('a value is shown in one line and not for ever', () => {
  expect(messageOf({ BLACKTIDE_API_PORT: 'a\nb' })).toBe(`BLACKTIDE_API_PORT must be ${PORT}, got "a\\nb".`);
  expect(messageOf({ BLACKTIDE_API_PORT: '9'.repeat(10_000) }).length).toBeLessThan(300);
});
