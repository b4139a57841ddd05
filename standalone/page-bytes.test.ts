import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE_MS } from '#domain/base/duration.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { createPageBytes, type PageBytes } from './page-bytes.ts';

/** A front with the page bytes, over a double of the Worker that keeps the contract of status-pages/worker.tsx. */
const PATH = '/status/acme';
const FRESH_MS = 250;

let worker: Server;
let front: Server;
let bytes: PageBytes;
let port: number;
let nowMs: number;
/** What the Worker's page says; null: there is no such page. */
let content: string | null;
let asked: IncomingMessage[];
let behave: ((request: IncomingMessage, response: ServerResponse) => void) | null;

beforeEach(async () => {
  [nowMs, content, asked, behave] = [1_000, 'first '.repeat(500), [], null];
  worker = createServer((incoming, outgoing) => {
    asked.push(incoming);
    if (behave === null) answerAsWorker(incoming, outgoing);
    else behave(incoming, outgoing);
  });
  const workerPort = await listen(worker);
  bytes = createPageBytes({ host: '127.0.0.1', port: workerPort }, () => nowMs);
  front = createServer(async (incoming, outgoing) => {
    if (!(await bytes.answer(incoming, outgoing))) outgoing.writeHead(418).end('passed on');
  });
  port = await listen(front);
});
afterEach(() => {
  bytes.close();
  for (const server of [front, worker]) server.close().closeAllConnections();
});

function answerAsWorker(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (content === null) {
    outgoing.writeHead(404).end();
    return;
  }
  const tag = `"${content.length}-${content.slice(0, 5)}-gzip"`;
  const headers = { ETag: tag, Vary: 'Accept-Encoding', 'Cache-Control': 'public, max-age=30', 'X-Own': 'kept' };
  if (incoming.headers['if-none-match'] === tag) outgoing.writeHead(304, headers).end();
  else {
    outgoing.writeHead(200, { ...headers, 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' });
    outgoing.end(gzipSync(content));
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function get(path = PATH, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.once('error', reject).end();
  });
}

const GZIP = { 'Accept-Encoding': 'gzip, br' };

describe('a page', () => {
  test('is sent in the coding that the visitor likes best, with the headers of the Worker and a tag for each', async () => {
    const zipped = await get(PATH, GZIP);
    const plain = await get(PATH);
    expect(gunzipSync(zipped.body).toString()).toBe(content);
    expect(plain.body.toString()).toBe(content);
    expect([zipped.headers['content-encoding'], plain.headers['content-encoding']]).toEqual(['gzip', undefined]);
    expect(zipped.headers.etag).toBe(plain.headers.etag?.replace(/"$/, '-gzip"'));
    for (const { headers, body } of [zipped, plain]) {
      expect(headers).toMatchObject({
        vary: 'Accept-Encoding',
        'cache-control': 'public, max-age=30',
        'content-type': 'text/html',
        'x-own': 'kept',
        'content-length': String(body.length),
      });
    }
    expect(asked).toHaveLength(1);
  });

  test('is not sent again to whoever has it', async () => {
    for (const headers of [GZIP, {}]) {
      const tag = (await get(PATH, headers)).headers.etag ?? '';
      const again = await get(PATH, { ...headers, 'If-None-Match': tag });
      expect([again.status, again.headers.etag, again.body.length]).toEqual([304, tag, 0]);
    }
  });

  test('has a head without a body', async () => {
    const { headers, body } = await get(PATH, GZIP, 'HEAD');
    expect([Number(headers['content-length']) > 0, body.length]).toEqual([true, 0]);
  });

  test('is asked for at most four times a second, once for all who wait, whatever host and query they name', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => get(`${PATH}?n=${n}`, { Host: `host-${n}.example` })));
    nowMs += FRESH_MS - 1;
    await get();
    expect(asked).toHaveLength(1);
    nowMs += 1;
    await Promise.all([get(), get()]);
    expect(asked).toHaveLength(2);
    // The second look was confirmed without a body.
    expect(asked[1]?.headers['if-none-match']).toMatch(/-gzip"$/);
  });

  test('that has changed is shown a quarter of a second later', async () => {
    await get();
    content = 'second '.repeat(500);
    nowMs += FRESH_MS;
    expect((await get()).body.toString()).toBe(content);
  });

  test('that was taken down is passed on', async () => {
    await get();
    content = null;
    nowMs += FRESH_MS;
    expect((await get()).status).toBe(418);
  });
});

describe('a Worker that does not answer', () => {
  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['an error', (_, response) => response.writeHead(503).end()],
    ['a closed connection', (incoming) => incoming.socket.destroy()],
    [
      'its own last copy',
      (_, response) => response.writeHead(200, { Warning: '110 - "Response is Stale"' }).end('old'),
    ],
  ])('leaves its last bytes, with a warning, until it answers again: %s', async (_, how) => {
    await get();
    behave = how;
    nowMs += FRESH_MS;
    const stale = await get();
    expect(stale.body.toString()).toBe(content);
    expect(stale.headers).toMatchObject({ warning: '110 - "Response is Stale"', 'cache-control': 'no-cache' });
    behave = null;
    nowMs += FRESH_MS;
    // This visitor does not wait, and makes the Worker be asked.
    await get();
    expect((await get()).headers.warning).toBeUndefined();
  });

  test('makes one visitor wait for a second, and the others not at all', async () => {
    await get();
    behave = () => {};
    nowMs += FRESH_MS;
    expect((await get()).headers.warning).toBeDefined();
    nowMs += FRESH_MS;
    const before = performance.now();
    expect((await get()).headers.warning).toBeDefined();
    expect(performance.now() - before).toBeLessThan(900);
  });

  test('for three minutes says nothing about now: its bytes are not sent any more', async () => {
    await get();
    behave = (_, response) => response.writeHead(503).end();
    nowMs += 3 * MINUTE_MS;
    expect((await get()).status).toBe(200);
    nowMs += FRESH_MS;
    // This visitor does not wait, and makes the Worker be asked.
    await get();
    await eventually('the end of the bytes', async () => (await get()).status === 418);
  });

  test('because it closed an idle connection is asked again', async () => {
    await get();
    const idle = asked[0]?.socket;
    behave = (incoming, outgoing) => {
      if (incoming.socket === idle) incoming.socket.destroy();
      else answerAsWorker(incoming, outgoing);
    };
    nowMs += FRESH_MS;
    expect((await get()).headers.warning).toBeUndefined();
    expect(asked.map(({ socket }) => socket === idle)).toEqual([true, true, false]);
  });

  test('and of which nothing is kept has the request passed on', async () => {
    behave = (_, response) => response.writeHead(503).end();
    expect((await get()).status).toBe(418);
  });
});

describe('passed on is', () => {
  test.each([
    ['another method', PATH, 'POST', {}],
    ['another path', '/edge/v1/shards', 'GET', {}],
    ['a slug that cannot be', '/status/UPPER', 'GET', {}],
    ['a path below a page that is no document', `${PATH}/api/v2/x/y/z.json`, 'GET', {}],
    ['a visitor who accepts no coding that there is', PATH, 'GET', { 'Accept-Encoding': 'br, identity;q=0' }],
  ])('%s', async (_, path, method, headers) => {
    expect((await get(path, headers, method)).status).toBe(418);
  });

  test.each([
    ['for one host', { Vary: 'Accept-Encoding, Host' }, GZIP],
    ['without a tag', { ETag: '' }, GZIP],
    ['uncompressed', { 'Content-Encoding': 'identity' }, GZIP],
    ['as a gzip that it is not, to a visitor who accepts none', {}, {}],
  ])('what is answered %s', async (_, different, accepted) => {
    behave = (_incoming, outgoing) => {
      const headers = { ETag: '"1-gzip"', Vary: 'Accept-Encoding', 'Content-Encoding': 'gzip', ...different };
      const named = Object.entries(headers).filter(([, value]) => value !== '');
      outgoing.writeHead(200, Object.fromEntries(named)).end('no gzip');
    };
    expect((await get(PATH, accepted)).status).toBe(418);
  });
});
