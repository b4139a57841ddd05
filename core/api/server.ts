import type { createServer, RequestListener, Server, ServerOptions } from 'node:http';
import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { ConfigError } from '#core/config.ts';
import type { CoreContext } from '#core/context.ts';
import { createHttpPort, type PortLimits } from '#core/platform/http-port.ts';
import { API_BASE, createApp } from './app.ts';
import type { StreamOptions } from './stream.ts';

/** Clients send no messages on the stream; a larger one is a mistake. */
const WEBSOCKET_MESSAGE_BYTES_MAX = 1024;
/** Time for requests in flight at shutdown; the whole process has ten seconds. */
const DRAIN_MS = 3_000;

/** Listens on the API's port. Throws ConfigError with one sentence when the port is taken. */
export async function startApi(
  ctx: CoreContext,
  options: Omit<StreamOptions, 'closing'> & { readonly limits?: Partial<PortLimits> } = {},
): Promise<{ close(): Promise<void> }> {
  const closing = new AbortController();
  const app = createApp(ctx, { ...options, closing: closing.signal });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: WEBSOCKET_MESSAGE_BYTES_MAX });
  const webSocket = { path: `${API_BASE}/stream`, server: sockets };
  const { limits } = options;
  const server = createAdaptorServer({
    fetch: app.fetch,
    // ws declares its options one shade wider than the adapter does.
    websocket: { server: sockets as WebSocketServerLike },
    createServer: ((settings: ServerOptions, listener: RequestListener) =>
      createHttpPort(listener, { webSocket, limits }, settings)) as typeof createServer,
  }) as Server;
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
