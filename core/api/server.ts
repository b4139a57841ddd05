import type { Server } from 'node:http';
import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { ConfigError } from '#core/config.ts';
import type { CoreContext } from '#core/context.ts';
import { createApp } from './app.ts';

/** Clients have nothing to say on the stream; more than this is a mistake. */
const WEBSOCKET_MESSAGE_BYTES_MAX = 1024;
/** Requests in flight get this long; the whole process has ten seconds. */
const DRAIN_MS = 3_000;

/** Listens on the API's port. Throws ConfigError with one sentence when the port is taken. */
export async function startApi(ctx: CoreContext): Promise<{ close(): Promise<void> }> {
  const closing = new AbortController();
  const app = createApp(ctx, { closing: closing.signal });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: WEBSOCKET_MESSAGE_BYTES_MAX });
  // ws declares its options one shade wider than the adapter does.
  const websocket = { server: sockets as WebSocketServerLike };
  const server = createAdaptorServer({ fetch: app.fetch, websocket }) as Server;
  await listen(server, ctx.config.apiPort);
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

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigError(`Port ${port} is taken by another program; set BLACKTIDE_API_PORT to a free one.`)
          : error,
      );
    });
    server.listen(port, resolve);
  });
}
