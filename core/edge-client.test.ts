import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import type { Sql } from 'postgres';
import { afterEach, expect, test } from 'vitest';
import { createEdgeClient } from './edge-client.ts';
import { createServiceTokens } from './platform/service-tokens.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A client of an edge that answers every request with `status` and `body`; `seen` holds the requests. */
async function client(status: number, body: string) {
  const seen: { request: string; authorization: string; body: string }[] = [];
  const edge = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const { authorization = '' } = request.headers;
      seen.push({ request: `${request.method} ${request.url}`, authorization, body: text });
      response.writeHead(status, status === 307 ? { Location: '/elsewhere' } : {}).end(body);
    });
  });
  server = edge;
  await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve));
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const clock = { now: () => new Date(), random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) };
  const keys = { corePrivate: await exportJWK(privateKey), edgePublic: await exportJWK(publicKey) };
  // Signing needs no database.
  const tokens = await createServiceTokens(undefined as unknown as Sql, clock, keys);
  const url = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`;
  return { seen, url, client: createEdgeClient(url, tokens, clock) };
}

test('a call carries a token for exactly this request', async () => {
  const { seen, client: edge } = await client(202, '{"scheduledAt":"2026-11-22T12:00:00.000Z"}');
  expect(await edge.checkNow('shd_1', 'mon_1')).toEqual({ scheduledAt: '2026-11-22T12:00:00.000Z' });
  const [call] = seen;
  expect(call?.request).toBe('POST /edge/v1/shards/shd_1/monitors/mon_1/check');
  const claims = JSON.parse(Buffer.from(call?.authorization.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ iss: 'blacktide-core', aud: 'blacktide-edge', req: call?.request });
  expect(claims.exp - claims.iat).toBe(60);
});

test.each([
  ['an error of the edge', 500, 'broken', { code: 'edge_unavailable' }],
  ['a token it does not take', 401, '{}', { code: 'edge_unavailable' }],
  ['a redirect', 307, '', { code: 'edge_unavailable' }],
  ['an answer that is not JSON', 200, '<html>', { code: 'edge_unavailable' }],
  ['a refusal', 422, 'no', { name: 'EdgeRefused', status: 422 }],
])('%s is told as what it is', async (_, status, body, expected) => {
  const { client: edge } = await client(status, body);
  await expect(edge.putPage('shop', {})).rejects.toMatchObject(expected);
});

test('a person who waits is told that the edge cannot do it, whatever the reason', async () => {
  const { client: edge } = await client(422, 'no');
  await expect(edge.checkNow('shd_1', 'mon_1')).rejects.toMatchObject({ code: 'edge_unavailable' });
});

test('nobody there is retryable', async () => {
  const { client: edge } = await client(200, '');
  server?.closeAllConnections();
  server?.close();
  await expect(edge.deletePage('shop')).rejects.toMatchObject({ code: 'edge_unavailable' });
});
