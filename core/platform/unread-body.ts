import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * How long a client that was answered before its body had ended may go on sending: enough to read the answer before
 * the connection is gone (closing at once resets it, and a client that still writes loses the answer), too short to
 * hold a connection.
 */
const LINGER_MS = 1_000;

/**
 * Bounds what a client can send after the answer, on every route: a body that nobody reads, because it was too large
 * or because the request was refused before, ends its connection. With `Connection: close` in the answer our side of
 * the connection ends with it; without, a body that ends in time keeps the connection for the next request.
 */
export function boundUnreadBodies(server: Server): void {
  server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    const destroySoon = socket.destroySoon.bind(socket);
    // Node calls this when an answer says `Connection: close`, whatever is still on its way to us.
    socket.destroySoon = () => {
      if (incoming.complete || !outgoing.writableFinished) destroySoon();
      else socket.end();
    };
    outgoing.once('finish', () => {
      if (incoming.complete) return;
      const cut = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => clearTimeout(cut));
      incoming.once('end', () => {
        clearTimeout(cut);
        if (socket.writableEnded) socket.destroy();
      });
      incoming.resume();
    });
  });
}
