import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A stopped server whose backlog holds one connection: every later connection times out while it is opened. */
const FULL = `const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;

/**
 * Starts three webhook receivers that are dead in different ways: one never answers, one sends an endless head byte by
 * byte, one does not accept connections.
 */
export async function startDeadReceivers(): Promise<{ readonly urls: readonly string[]; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const servers = [
    await listening((socket) => socket.resume(), sockets),
    await listening((socket) => {
      socket.resume();
      socket.write('HTTP/1.1 200 OK\r\nX: ');
      const drip = setInterval(() => socket.write('x'), 500);
      socket.on('close', () => clearInterval(drip));
    }, sockets),
  ];
  const full = spawn(process.execPath, ['-e', FULL], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(full.stdout, 'data')) as [Buffer];
  full.kill('SIGSTOP');
  // A stopped process does not notice the end of its parent.
  process.once('exit', () => full.kill('SIGKILL'));
  const ports = [...servers.map((server) => (server.address() as AddressInfo).port), Number(String(port))];
  return {
    urls: ports.map((number) => `http://127.0.0.1:${number}/`),
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
      full.kill('SIGKILL');
      await once(full, 'exit');
    },
  };
}

async function listening(take: (socket: Socket) => void, sockets: Set<Socket>): Promise<Server> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
