import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

/** A target's answer to one request. Texts are Latin-1: each character is a byte. */
export interface ScriptedAnswer {
  /** The whole answer as it is sent; without it the answer is composed of the members below. */
  readonly raw?: string;
  /** The status with its reason phrase; `200 OK` by default. */
  readonly status?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  /** Number of zero bytes after the body, for bodies that decompress to a large size. */
  readonly zeros?: number;
  /** Codings that are applied to the body, in order. */
  readonly packed?: readonly Packing[];
  /** Number of bytes of the encoded body that are sent; Content-Length is the same. */
  readonly cutTo?: number;
  /** The connection after the answer: closed (`end`, the default), held open (`keep`) or reset (`reset`). */
  readonly ending?: 'end' | 'keep' | 'reset';
}
export type Packing = keyof typeof PACK;

/** Answers by path; `*` is for all other paths. */
export type Script = Readonly<Record<string, ScriptedAnswer>>;

/** The requests and connections of a target. */
export interface Seen {
  /** Whole requests in Latin-1: each character is a byte. */
  readonly requests: readonly string[];
  readonly accepted: number;
  readonly open: number;
}

const PACK = {
  gzip: gzipSync,
  deflate: deflateSync,
  'deflate-raw': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

interface Target {
  readonly server: net.Server;
  readonly sockets: Set<Socket>;
  readonly requests: string[];
  accepted: number;
}

/**
 * Starts a control server for tests in any runtime. `POST /` with a Script starts a target and answers its port;
 * `GET /<port>` answers what that target has seen.
 */
export async function startScriptedTargets(): Promise<{ url: string; close(): Promise<void> }> {
  const targets = new Map<string, Target>();
  const control = createHttpServer((request, response) => void answerControl(request, response, targets));
  const url = `http://127.0.0.1:${await listen(control)}`;
  return {
    url,
    close: async () => {
      control.closeAllConnections();
      const servers = [control, ...[...targets.values()].map((target) => target.server)];
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const { sockets } of targets.values()) for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

async function answerControl(
  request: IncomingMessage,
  response: ServerResponse,
  targets: Map<string, Target>,
): Promise<void> {
  if (request.method === 'POST') {
    const target = newTarget(JSON.parse(await text(request)));
    const port = await listen(target.server);
    targets.set(String(port), target);
    response.end(String(port));
    return;
  }
  const target = targets.get((request.url ?? '').slice(1));
  if (target === undefined) return void response.writeHead(404).end();
  const seen: Seen = { requests: target.requests, accepted: target.accepted, open: target.sockets.size };
  response.end(JSON.stringify(seen));
}

function newTarget(script: Script): Target {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    target.accepted += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    converse(socket, script, target.requests);
  });
  const target: Target = { server, sockets, requests: [], accepted: 0 };
  return target;
}

function converse(socket: Socket, script: Script, requests: string[]): void {
  let received = '';
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
    const request = wholeRequest(received);
    if (request === null) return;
    received = received.slice(request.length);
    requests.push(request);
    const answer = script[request.split(' ')[1] ?? ''] ?? script['*'] ?? {};
    socket.write(answer.raw === undefined ? composed(answer) : Buffer.from(answer.raw, 'latin1'));
    if (answer.ending === 'reset') socket.resetAndDestroy();
    else if (answer.ending !== 'keep') socket.end();
  });
}

function wholeRequest(received: string): string | null {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const length = Number(/^content-length: *(\d+)/im.exec(received.slice(0, headEnd))?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return received.length < end ? null : received.slice(0, end);
}

function composed({ status = '200 OK', headers = [], body = '', zeros = 0, packed = [], cutTo }: ScriptedAnswer) {
  const content = Buffer.concat([Buffer.from(body, 'latin1'), Buffer.alloc(zeros)]);
  const bytes = packed.reduce<Buffer>((inner, packing) => PACK[packing](inner), content).subarray(0, cutTo);
  const framed = /^content-length:|^transfer-encoding:/i;
  const length = headers.some((line) => framed.test(line)) ? [] : [`Content-Length: ${bytes.length}`];
  const head = [`HTTP/1.1 ${status}`, ...headers, ...length, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}
