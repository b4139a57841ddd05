import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { ConfigError } from '#core/config.ts';
import type { CoreContext } from '#core/context.ts';
import { boundUnreadBodies } from '#core/platform/unread-body.ts';
import { problemOf } from '#domain/base/problem.ts';
import { createApp } from './app.ts';
import type { StreamOptions } from './stream.ts';

/** Clients send no messages on the stream; a larger one is a mistake. */
const WEBSOCKET_MESSAGE_BYTES_MAX = 1024;
/** Time for requests in flight at shutdown; the whole process has ten seconds. */
const DRAIN_MS = 3_000;
const TRACE_ID_BYTES = 16;

/** Listens on the API's port. Throws ConfigError with one sentence when the port is taken. */
export async function startApi(
  ctx: CoreContext,
  options: Omit<StreamOptions, 'closing'> = {},
): Promise<{ close(): Promise<void> }> {
  const closing = new AbortController();
  const app = createApp(ctx, { ...options, closing: closing.signal });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: WEBSOCKET_MESSAGE_BYTES_MAX });
  // ws declares its options one shade wider than the adapter does.
  const websocket = { server: sockets as WebSocketServerLike };
  const server = createAdaptorServer({ fetch: app.fetch, websocket }) as Server;
  boundUnreadBodies(server);
  server.on('clientError', (_, socket) => answerNonsense(ctx, socket));
  await listen(server, ctx.config);
  return {
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** A request that Node cannot parse reaches no handler, so its answer is written to the socket. */
function answerNonsense(ctx: CoreContext, socket: Duplex): void {
  if (!socket.writable) return;
  const traceId = Buffer.from(ctx.clock.random(TRACE_ID_BYTES)).toString('hex');
  const detail = 'This is not HTTP, came too slowly, or its head is larger than 16 KiB.';
  const body = JSON.stringify(problemOf('malformed_request', { detail, traceId }));
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Trace-Id: ${traceId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function listen(server: Server, { apiPort: port, host }: CoreContext['config']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigError(`Port ${port} is taken by another program; set BLACKTIDE_API_PORT to a free one.`)
          : error,
      );
    });
    server.listen({ port, host }, resolve);
  });
}
