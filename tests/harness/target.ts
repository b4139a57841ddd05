import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from './free-port.ts';

/** A small real web server for monitors to check. */
export interface Target {
  readonly port: number;
  readonly url: string;
  /** Sets the handler of requests; the default answers 200 with "ok". */
  behave(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Stops listening and cuts every connection, so that the next check is refused. */
  die(): Promise<void>;
  /** Listens again on the same port, with the default handler. */
  revive(): Promise<void>;
  close(): Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const port = await freePort();
  const fine = (_request: IncomingMessage, response: ServerResponse) => {
    response.end('ok');
  };
  let handler = fine;
  let server: Server | null = null;
  const revive = async () => {
    handler = fine;
    server = createServer((request, response) => handler(request, response));
    await listen(server, port);
  };
  const die = async () => {
    const dying = server;
    server = null;
    if (dying === null) return;
    const closed = new Promise((resolve) => dying.close(resolve));
    dying.closeAllConnections();
    await closed;
  };
  await revive();
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    behave: (next) => {
      handler = next;
    },
    die,
    revive,
    close: die,
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
