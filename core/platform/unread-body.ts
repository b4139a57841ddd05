import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * How long a client may continue to send after an answer that came before the end of its body. The client needs the
 * time to read the answer: closing at once resets the connection, and a client that is still writing loses the answer.
 * A longer time would let clients hold connections.
 */
export const LINGER_MS = 1_000;

/**
 * Bounds the data that a client can send after the answer, on every route. A body that is not read, because it is too
 * large or the request was refused, ends its connection. With `Connection: close` in the answer the server's side
 * closes at once. Without it, a body that ends in time keeps the connection open for the next request.
 */
export function boundUnreadBodies(server: Server): void {
  server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    const destroySoon = socket.destroySoon.bind(socket);
    // Node calls this for an answer with `Connection: close`, even while the client is still sending.
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
