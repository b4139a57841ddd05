import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicNetwork } from './network-bindings.ts';

/** Tests the refusal of the platform alone: the Worker of this test connects to every address that it is given. */

let runtime: Miniflare;

beforeAll(() => {
  runtime = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
      workers: [
        {
          name: 'dialler',
          modules: true,
          compatibilityDate: '2026-01-01',
          serviceBindings: { NETWORK: publicNetwork() },
          script: `export default {
            async fetch(request, env) {
              const signal = AbortSignal.timeout(500);
              const url = new URL(request.url).searchParams.get('url');
              return env.NETWORK.fetch(url, { signal }).catch((error) => new Response(String(error)));
            }
          }`,
        },
      ],
    }),
  );
});
afterAll(() => runtime.dispose());

/** workerd's message for a refused address. Other failures have messages of their own: lost, refused, timed out. */
async function isRefused(host: string): Promise<boolean> {
  const answer = await runtime.dispatchFetch(`http://dialler/?url=${encodeURIComponent(`http://${host}:9/`)}`);
  return (await answer.text()).includes('internal error');
}

test.each([
  ['the name of the machine itself', 'localhost'],
  ['loopback', '127.0.0.2'],
  ['private', '192.168.0.1'],
  ['cloud metadata', '169.254.169.254'],
  ['the metadata of Azure', '168.63.129.16'],
  ['benchmarking', '198.19.0.1'],
  ['a private address that is mapped', '[::ffff:10.0.0.1]'],
  ['a private address behind NAT64', '[64:ff9b::10.0.0.1]'],
  ['loopback in 6to4', '[2002:7f00:1::]'],
  ['site-local', '[fec0::1]'],
  ['unique local', '[fd00::1]'],
  ['Teredo', '[2001::1]'],
  ['documentation', '[3fff::1]'],
])('%s is refused when it is dialled: %s', async (_what, host) => {
  expect(await isRefused(host)).toBe(true);
});

test.each(['8.8.8.8', '[64:ff9b::808:808]', '[2606:4700::1111]', '[2002:808:808::1]'])(
  '%s is dialled',
  async (host) => {
    expect(await isRefused(host)).toBe(false);
  },
);
