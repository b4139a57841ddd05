import { expect, test } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

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

test.each(['proxy.example.com', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '*', '10.0.0.1:80'])(
  'a proxy named %j is refused in one sentence',
  (name) => {
    expect(() => read({ BLACKTIDE_TRUSTED_PROXIES: name })).toThrow(ConfigError);
    expect(() => read({ BLACKTIDE_TRUSTED_PROXIES: name })).toThrow(
      /^BLACKTIDE_TRUSTED_PROXIES: name addresses or networks/,
    );
  },
);

test.each([
  [true, {}, true],
  [true, { BLACKTIDE_EDGE_URL: 'http://localhost:9787' }, true],
  [true, { BLACKTIDE_EDGE_URL: 'https://edge.example.com' }, false],
  [true, { BLACKTIDE_EDGE_URL: 'https://edge.example.com', BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'true' }, true],
  [true, { BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'false' }, false],
  [false, {}, false],
  [false, { BLACKTIDE_ALLOW_PRIVATE_TARGETS: '1' }, true],
])('private targets: on one machine %s with %j → %s', (oneMachine, environment, allowed) => {
  expect(readConfig(environment, { oneMachine }).allowPrivateTargets).toBe(allowed);
});
