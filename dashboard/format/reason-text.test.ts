import { expect, test } from 'vitest';
import { reasonText } from './reason-text.ts';

test.each([
  ['connection_refused', null, 'connection refused'],
  ['connection_refused', 'Connection refused.', 'Connection refused.'],
  ['connection_refused', '127.0.0.1:1: connection refused', '127.0.0.1:1: connection refused'],
  ['status_unexpected', 'expected status 200-399, got 503', 'unexpected status: expected status 200-399, got 503'],
  ['timeout', 'timed out after 10 s', 'timed out after 10 s'],
  ['tls_failure', 'handshake failed', 'TLS handshake failed'],
  [undefined, undefined, ''],
  [null, 'only a detail', 'only a detail'],
] as const)('%s with the detail %j is said once', (reason, detail, text) => {
  expect(reasonText(reason, detail)).toBe(text);
});
