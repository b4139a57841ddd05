import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { JUDGED } from './assertion-inputs.ts';

/**
 * A program: the targets of the hostile monitors. It prints its port and ends with its standard input.
 *
 * `/answer/<n>` answers the body of the n-th heavy input, `/bomb/<codings>` zeros in these content codings,
 * `/redirect/<n>` redirects to the next number without end, `/drip/<part>` sends an endless head or body slowly, and `/down`
 * answers 500.
 */
const BOMB_BYTES = 256 * 1024 * 1024;
/** Slow enough to last until every timeout, quick enough to keep a connection from looking idle. */
const DRIP_MS = 250;

const bodies = JUDGED.map(({ body }) => Buffer.from(body));
const gzip = gzipSync(Buffer.alloc(BOMB_BYTES));
const bombs: Readonly<Record<string, Buffer>> = { gzip, 'gzip,gzip': gzipSync(gzip) };

function drip(response: ServerResponse, part: string): void {
  const { socket } = response;
  const send = part === 'head' ? () => socket?.write('x') : () => response.write('x');
  if (part === 'head') socket?.write('HTTP/1.1 200 OK\r\nX-Endless: ');
  else response.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(send, DRIP_MS);
  response.on('close', () => clearInterval(timer));
}

const server = createServer((request, response) => {
  const [, kind = '', name = ''] = (request.url ?? '').split('/');
  if (kind === 'answer') {
    response.setHeader('content-type', 'application/json; charset=utf-8').end(bodies[Number(name)]);
  } else if (kind === 'bomb') {
    response.setHeader('content-encoding', name).end(bombs[name]);
  } else if (kind === 'redirect') {
    response.writeHead(302, { location: `/redirect/${Number(name) + 1}` }).end('elsewhere');
  } else if (kind === 'down') {
    response.writeHead(500).end();
  } else {
    drip(response, name);
  }
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.on('end', () => process.exit(0)).resume();
