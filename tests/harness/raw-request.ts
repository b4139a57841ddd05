import { connect, type Socket } from 'node:net';

/** Ends a request that hangs. */
const WITHIN_MS = 30_000;

export interface RawAnswer {
  readonly text: string;
  /** False when the server had not closed its side within the deadline. */
  readonly closed: boolean;
}

/**
 * Sends bytes unchanged (latin1) and collects the answer until the server closes its side. The client keeps its own
 * side open, so the server cannot rely on the client to end the connection.
 */
export function rawRequest(port: number, bytes: string, withinMs = WITHIN_MS): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = openRaw(port);
    let text = '';
    const end = (closed: boolean) => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ text, closed });
    };
    const deadline = setTimeout(() => end(false), withinMs);
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.once('end', () => end(true)).once('close', () => end(true));
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** A connection that ends only when the test or the server ends it. */
export function openRaw(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  return socket.on('error', () => undefined);
}

/** Whether the server has closed its side. */
export function isClosed(socket: Socket): boolean {
  return socket.readableEnded || socket.closed;
}

/** Resolves when the server has closed its side. */
export function closed(socket: Socket): Promise<void> {
  if (isClosed(socket)) return Promise.resolve();
  return new Promise((resolve) => socket.once('end', () => resolve()).once('close', () => resolve()));
}
