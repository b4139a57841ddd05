import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy that can be cut (connections end) or frozen (connections stay, and no byte passes). */
export interface TcpProxy {
  /** The target's URL with the proxy's host and port. */
  readonly url: string;
  /** Connections stay open and new ones are accepted, but no byte passes until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Connections end at once, and new ones are refused until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let frozen = false;
  const server = createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.on('data', (chunk) => other.write(chunk));
      if (frozen) one.pause();
    }
  });
  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
  async function cut(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  await listen(0);
  const { port } = server.address() as AddressInfo;
  async function mend(): Promise<void> {
    if (!server.listening) await listen(port);
  }
  function freeze(): void {
    frozen = true;
    for (const socket of sockets) socket.pause();
  }
  function thaw(): void {
    frozen = false;
    for (const socket of sockets) socket.resume();
  }
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { url: url.href, freeze, thaw, cut, mend, close: cut };
}
