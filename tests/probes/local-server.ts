import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { KeyPair } from './certificates.ts';

export interface LocalServer {
  readonly port: number;
  /** Without a trailing slash. */
  readonly origin: string;
  /** Received requests, oldest first. */
  readonly requests: { method: string; url: string; headers: http.IncomingHttpHeaders; body: string }[];
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Starts a real web server on a free port; with a key pair it uses TLS. */
export async function startHttpServer(handler: Handler, pair?: KeyPair): Promise<LocalServer> {
  const requests: LocalServer['requests'] = [];
  const listener: Handler = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      handler(request, response);
    });
  };
  const server = pair === undefined ? http.createServer(listener) : https.createServer(pair, listener);
  return listening(server, pair === undefined ? 'http' : 'https', requests);
}

/** Starts a TCP server whose connections `onConnection` handles, for answers that no web server sends. */
export function startRawServer(onConnection: (socket: net.Socket) => void): Promise<LocalServer> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  return listening(server, 'http', []);
}

async function listening(
  server: net.Server,
  scheme: 'http' | 'https',
  requests: LocalServer['requests'],
): Promise<LocalServer> {
  const sockets = new Set<net.Socket>();
  let whenIdle: (() => void)[] = [];
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    origin: `${scheme}://127.0.0.1:${port}`,
    requests,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
