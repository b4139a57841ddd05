import { describe, expect, test } from 'vitest';
import { NetworkFailure } from '#probes/network.ts';
import { unfinishedBy } from '#probes/unfinished.ts';
import { networkFailure } from './network-failure.ts';

const coded = (code: string, message = 'words') => Object.assign(new Error(message), { code });
const outcomeOf = (error: unknown) => unfinishedBy(networkFailure(error)).outcome;

describe('what Node throws', () => {
  test.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAI_MEMORY', 'ERR_MEMORY_ALLOCATION_FAILED'])(
    'is our own fault when this machine has run out: %s',
    (code) => {
      expect(networkFailure(coded(code)).reason).toBe('probe_error');
      expect(outcomeOf(coded(code))).toBe('error');
    },
  );

  test.each(['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'ERR_HTTP_INVALID_HEADER_VALUE'])(
    'is our own fault when no target has seen the request yet: %s',
    (code) => expect(outcomeOf(coded(code))).toBe('error'),
  );

  test.each([
    // Codes that a version of Node may bring, and that nobody has seen yet.
    ['ERR_NOT_INVENTED_YET', 'protocol_error'],
    ['ENOTINVENTEDYET', 'connection_failed'],
    ['EPROTOTYPE', 'connection_failed'],
    ['EINVAL', 'connection_failed'],
    ['odd', 'connection_failed'],
    ['HPE_NOT_INVENTED_YET', 'protocol_error'],
    ['ERR_SSL_NOT_INVENTED_YET', 'tls_failure'],
    ['Z_NOT_INVENTED_YET', 'body_unreadable'],
    ['ECONNRESET', 'connection_reset'],
    ['EHOSTUNREACH', 'network_unreachable'],
    ['CERT_HAS_EXPIRED', 'certificate_invalid'],
  ])("is the target's fault, also where nobody knows it: %s", (code, reason) => {
    expect(networkFailure(coded(code)).reason).toBe(reason);
    expect(outcomeOf(coded(code))).toBe('failure');
  });

  test.each([
    ['a time-out', coded('ETIMEDOUT'), 'timeout'],
    ['without a code', new TypeError('Invalid URL'), 'failure'],
    ['with a number for a code', Object.assign(new Error('x'), { code: 42 }), 'failure'],
    ['no error at all', 'odd', 'failure'],
    ['nothing', undefined, 'failure'],
    ['of the first of several addresses', new AggregateError([coded('ECONNREFUSED'), coded('EMFILE')]), 'failure'],
    ['of several addresses, of which none is known', new AggregateError([]), 'failure'],
  ])('%s', (_what, error, outcome) => {
    expect(outcomeOf(error)).toBe(outcome);
    expect(networkFailure(error).message).not.toBe('');
  });

  test('stays what it is when it is a failure already', () => {
    const failure = new NetworkFailure('address_refused', 'private');
    expect(networkFailure(failure)).toBe(failure);
  });
});
