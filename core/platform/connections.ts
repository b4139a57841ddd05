import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A thousand live streams, the most of a process, and as many requests. A connection costs about 20 KB and a file. */
const CONNECTIONS_MAX = 2_000;
/**
 * After this time a connection ends with its next answer, so that no client holds a place for ever. Live streams end
 * shortly before, with a word to their readers.
 */
const AGE_MS = 60 * 60 * 1000;
/** An answer that is on its way at the end of AGE_MS may still end by itself; no answer takes longer. */
const LAST_ANSWER_MS = 120_000;

export interface ConnectionLimits {
  readonly connectionsMax: number;
  readonly ageMs: number;
}

/**
 * Bounds a server's connections in number and age. Node's `maxConnections` would refuse new clients while others hold
 * all places with nothing to say. Here a full server closes the connection that has waited longest for its request or
 * the rest of it. New ones are refused only while all others wait for answers. The function that it returns takes note
 * of an upgrade: an `upgrade` listener would keep the WebSocket adapter from refusing (it refuses only as the sole one).
 */
export function boundConnections(server: Server, limits: Partial<ConnectionLimits> = {}): (upgraded: Socket) => void {
  const { connectionsMax = CONNECTIONS_MAX, ageMs = AGE_MS } = limits;
  const open = new Set<Socket>();
  /** Connections whose client is to send something, the longest waiting first. */
  const waiting = new Set<Socket>();
  const old = new WeakSet<Socket>();

  server.on('connection', (socket) => {
    open.add(socket);
    waiting.add(socket);
    const aged = setTimeout(() => {
      old.add(socket);
      if (waiting.has(socket)) socket.destroy();
    }, ageMs);
    const ended = setTimeout(() => socket.destroy(), ageMs + LAST_ANSWER_MS);
    socket.once('close', () => {
      clearTimeout(aged);
      clearTimeout(ended);
      open.delete(socket);
      waiting.delete(socket);
    });
    if (open.size <= connectionsMax) return;
    const [longest = socket] = waiting;
    // `close` comes later: the place is free now.
    open.delete(longest);
    waiting.delete(longest);
    longest.destroy();
  });

  server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    if (old.has(socket)) outgoing.shouldKeepAlive = false;
    if (hasBody(incoming)) incoming.once('end', () => waiting.delete(socket));
    else waiting.delete(socket);
    outgoing.once('close', () => {
      if (!open.has(socket)) return;
      waiting.delete(socket);
      waiting.add(socket);
      if (old.has(socket)) socket.destroySoon();
    });
  });
  return (upgraded) => void waiting.delete(upgraded);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
