import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';

/** The behaviour of a target; set by `PUT /set/<name>`. */
export interface Behaviour {
  readonly status?: number;
  /** Holds all answers back until the next behaviour is set. */
  readonly hold?: boolean;
  readonly body?: string;
  /** Locations (header X-BlackTide-Location) that get 503. */
  readonly failAt?: readonly string[];
  readonly answer?: 'plain' | 'reset' | 'gzip-bomb' | 'bad-gzip';
}

/** A request that a target received; read by `GET /hits/<name>`. */
export interface Hit {
  readonly location: string | undefined;
  readonly userAgent: string | undefined;
}

/** 1 GiB of zeros, a megabyte on the wire. */
const BOMB_BYTES = 1024 * 1024 * 1024;

/** Starts a real HTTP server with any number of named targets under `/t/<name>`. */
export async function startTarget(): Promise<{ url: string; refusedUrl: string; close(): Promise<void> }> {
  const targets: Targets = { behaviours: new Map(), hits: new Map(), held: new Map() };
  const server = createServer((request, response) => void answer(request, response, targets));
  const url = await listen(server);
  return { url, refusedUrl: await closedPort(), close: () => close(server) };
}

interface Targets {
  readonly behaviours: Map<string, Behaviour>;
  readonly hits: Map<string, Hit[]>;
  /** Answers that are held back, by target. */
  readonly held: Map<string, (() => void)[]>;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { behaviours, hits, held }: Targets,
): Promise<void> {
  const [, kind = '', name = ''] = (request.url ?? '').split('/');
  if (kind === 'set') {
    behaviours.set(name, JSON.parse(await text(request)));
    for (const release of held.get(name) ?? []) release();
    held.delete(name);
    response.end();
  } else if (kind === 'hits') {
    response.end(JSON.stringify(hits.get(name) ?? []));
  } else {
    const location = request.headers['x-blacktide-location']?.toString();
    hits.set(name, [...(hits.get(name) ?? []), { location, userAgent: request.headers['user-agent'] }]);
    const behaviour = behaviours.get(name) ?? {};
    const go = () => behave(behaviour, location, response);
    if (behaviour.hold) held.set(name, [...(held.get(name) ?? []), go]);
    else go();
  }
}

function behave(behaviour: Behaviour, location: string | undefined, response: ServerResponse): void {
  if (behaviour.answer === 'reset') {
    response.socket?.resetAndDestroy();
  } else if (behaviour.answer === 'bad-gzip') {
    response.setHeader('content-encoding', 'gzip').end('this is not gzip');
  } else if (behaviour.answer === 'gzip-bomb') {
    sendBomb(response);
  } else {
    const fails = location !== undefined && behaviour.failAt?.includes(location);
    const body = behaviour.body ?? 'hello';
    response.writeHead(fails ? 503 : (behaviour.status ?? 200), { 'content-length': body.length }).end(body);
  }
}

function sendBomb(response: ServerResponse): void {
  response.setHeader('content-encoding', 'gzip');
  const gzip = createGzip();
  gzip.pipe(response);
  response.on('close', () => gzip.destroy());
  const zeros = Buffer.alloc(1024 * 1024);
  let left = BOMB_BYTES / zeros.length;
  const more = () => {
    while (left > 0 && !gzip.destroyed) {
      left -= 1;
      if (!gzip.write(zeros)) return void gzip.once('drain', more);
    }
    gzip.end();
  };
  more();
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** A URL whose port refuses connections. */
async function closedPort(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
}
