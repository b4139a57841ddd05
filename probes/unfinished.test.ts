import { describe, expect, it } from 'vitest';
import { check, LOCAL_NETWORK } from '#tests/probes/check.ts';
import { NetworkFailure } from './network.ts';

/** A network whose exchange throws this exception, before or inside the body. */
function throwing(error: unknown, where: 'head' | 'body') {
  return {
    ...LOCAL_NETWORK,
    request: async () => {
      if (where === 'head') throw error;
      const body = (async function* (): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(3);
        throw error;
      })();
      return { status: 200, headers: [], codings: [], body, phases: {}, tls: undefined, remoteAddress: undefined };
    },
  };
}

describe.each(['head', 'body'] as const)('an exception in the %s of an exchange', (where) => {
  it.each([
    ['an error that nobody foresaw', new TypeError('Invalid URL string.'), 'failure', 'protocol_error'],
    ['an error without words', new Error(''), 'failure', 'protocol_error'],
    ['something that is no error', 'odd', 'failure', 'protocol_error'],
    ['a known failure', new NetworkFailure('tls_failure', 'no'), 'failure', 'tls_failure'],
    ['a feature that is missing', new NetworkFailure('unsupported_here', 'no'), 'error', 'unsupported_here'],
    ['no slot', new NetworkFailure('location_unavailable', 'no'), 'error', 'location_unavailable'],
    ['no memory', new RangeError('Array buffer allocation failed'), 'error', 'probe_error'],
    ['no request left', new Error('Too many subrequests.'), 'error', 'probe_error'],
  ])('%s', async (_what, error, outcome, reason) => {
    const made = await check({ url: 'http://example.com' }, { network: throwing(error, where) });
    expect(made).toMatchObject({ outcome, reason, responseTimeMs: null, detail: expect.stringMatching(/./) });
  });
});
