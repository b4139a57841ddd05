import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { isTokenFor } from '#domain/wire/service-token.ts';
import { isMadeForBody, readServiceToken } from '#edge/service-token.ts';
import { close, listen } from './target.ts';

/** The double's way of answering the next events of a shard; set by `PUT /set/<shard>`. `older` takes no gzip. */
export type Reception = 'accept' | 'refuse' | 'take-and-fail' | 'malformed' | 'older';

/** A received batch and the status it was answered with; read by `GET /received/<shard>`. */
export interface Received {
  readonly events: unknown[];
  readonly status: number;
  readonly coding: string | undefined;
}

const STATUSES = {
  accept: 202,
  refuse: 503,
  'take-and-fail': 500,
  malformed: 400,
  older: 202,
} as const satisfies Record<Reception, number>;

/**
 * Starts a double of the core that records what the edge sends, and fails on demand. It verifies the edge's tokens as
 * the core does. The system tests run the real core with the real edge.
 */
export async function startCoreDouble(edgePublicJwk: string): Promise<{ url: string; close(): Promise<void> }> {
  const receptions = new Map<string, Reception>();
  const received = new Map<string, Received[]>();
  const documents = new Map<string, string>();

  async function answer(request: IncomingMessage): Promise<[status: number, body: string, older?: boolean]> {
    const path = request.url ?? '';
    const body = await buffer(request);
    const [, kind = '', name = ''] = path.split('/');
    if (kind === 'set') {
      receptions.set(name, body.toString() as Reception);
      return [204, ''];
    }
    if (kind === 'received') return [200, JSON.stringify(received.get(name) ?? [])];
    if (request.method === 'PUT') {
      documents.set(path, body.toString());
      return [204, ''];
    }
    const nowMs = Date.now();
    const { authorization } = request.headers;
    const claims = await readServiceToken(authorization, edgePublicJwk, 'blacktide-edge', 'blacktide-core', nowMs);
    if (claims === null || !isTokenFor(claims, { method: request.method ?? '', path }, nowMs)) return [401, ''];
    if (!(await isMadeForBody(claims, body))) return [401, ''];
    if (request.method === 'GET') return [documents.has(path) ? 200 : 404, documents.get(path) ?? ''];
    const coding = request.headers['content-encoding'];
    const plain = coding === 'gzip' ? gunzipSync(body) : body;
    const batch = JSON.parse(plain.toString()) as { shard: string; events: unknown[] };
    const reception = receptions.get(batch.shard) ?? 'accept';
    const older = reception === 'older';
    const status = older && coding !== undefined ? STATUSES.malformed : STATUSES[reception];
    received.set(batch.shard, [...(received.get(batch.shard) ?? []), { events: batch.events, status, coding }]);
    return [status, JSON.stringify({ accepted: batch.events.length }), older];
  }

  const server = createServer((request, response) => {
    void answer(request).then(([status, body, older = false]) =>
      response.writeHead(status, older ? {} : { 'accept-encoding': 'gzip' }).end(body),
    );
  });
  return { url: await listen(server), close: () => close(server) };
}
