import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { eventually } from '#tests/harness/eventually.ts';
import { describePort } from '#tests/harness/port-promises.ts';
import { closed, isClosed, openRaw, rawRequest } from '#tests/harness/raw-request.ts';
import { createHttpPort, type PortLimits, type PortOptions } from './http-port.ts';

const HEAD = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';
const LARGE = Buffer.alloc(64 * 1024 * 1024);

interface OpenPort {
  readonly port: number;
  /** Answers that are held back. */
  readonly held: ServerResponse[];
  connections(): Promise<number>;
  close(): void;
}

async function openPort(limits: Partial<PortLimits> = {}, options: PortOptions = {}): Promise<OpenPort> {
  const held: ServerResponse[] = [];
  const server: Server = createHttpPort(
    (incoming: IncomingMessage, outgoing) => {
      if (incoming.url === '/slow') held.push(outgoing);
      else if (incoming.url === '/large') outgoing.end(LARGE);
      else outgoing.writeHead(incoming.url === '/healthz' ? 200 : 404).end('{}');
    },
    { ...options, limits },
  );
  // Takes WebSocket handshakes and never answers them.
  if (options.webSocket !== undefined) server.on('upgrade', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    held,
    connections: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    close: () => server.close().closeAllConnections(),
  };
}

describe('every port', () => {
  let open: OpenPort;
  beforeAll(async () => {
    open = await openPort();
  });
  afterAll(() => open.close());
  describePort({ port: () => open.port, errorLines: () => [] });
});

describe('limits', () => {
  let open: OpenPort;
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    open.close();
  });

  function client(): Socket {
    const socket = openRaw(open.port);
    sockets.push(socket);
    return socket.resume();
  }

  /** Connections that say nothing, each accepted before the next one opens. */
  async function silentClients(count: number): Promise<Socket[]> {
    const before = await open.connections();
    const opened: Socket[] = [];
    for (let index = 0; index < count; index++) {
      opened.push(client());
      await eventually(
        'it is accepted',
        async () => (await open.connections()) >= Math.min(before + index + 1, CONNECTIONS),
      );
    }
    return opened;
  }

  const CONNECTIONS = 20;
  const ask = (path = '/healthz') =>
    rawRequest(open.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);

  test('one connection less than the limit: nobody is closed', async () => {
    open = await openPort({ connectionsMax: CONNECTIONS });
    const silent = await silentClients(CONNECTIONS - 1);
    expect((await ask()).text).toMatch(/^HTTP\/1\.1 200/);
    expect(silent.filter(isClosed)).toEqual([]);
  });

  test('one connection more than the limit: the one that has waited longest goes', async () => {
    open = await openPort({ connectionsMax: CONNECTIONS });
    const silent = await silentClients(CONNECTIONS);
    expect((await ask()).text).toMatch(/^HTTP\/1\.1 200/);
    await closed(silent[0] as Socket);
    expect(silent.filter(isClosed)).toHaveLength(1);
  });

  test('twice the limit, under load: every request is answered, and no more connections are open', async () => {
    open = await openPort({ connectionsMax: CONNECTIONS });
    for (let index = 0; index < 2 * CONNECTIONS; index++) {
      client().write(
        index % 2 === 0 ? HEAD : 'POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1',
      );
    }
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: CONNECTIONS / 4 }, () => ask()));
      for (const { text } of answers) expect(text).toMatch(/^HTTP\/1\.1 200/);
      expect(await open.connections()).toBeLessThanOrEqual(CONNECTIONS);
    }
  });

  test('while all wait for answers, a new connection is refused and the others get theirs', async () => {
    open = await openPort({ connectionsMax: CONNECTIONS });
    const slow = Array.from({ length: CONNECTIONS }, () => ask('/slow'));
    await eventually('all are being answered', () => open.held.length === CONNECTIONS);
    expect((await ask()).text).toBe('');
    for (const outgoing of open.held) outgoing.end('{}');
    for (const { text } of await Promise.all(slow)) expect(text).toMatch(/^HTTP\/1\.1 200/);
    expect((await ask()).text).toMatch(/^HTTP\/1\.1 200/);
  });

  test('a head that does not come ends its connection, also when it comes letter by letter', async () => {
    open = await openPort({ headMs: 400 });
    const nothing = client();
    const half = client();
    half.write(HEAD);
    const drip = client();
    const timer = setInterval(() => drip.write('x'), 50);
    await Promise.all([nothing, half, drip].map(closed));
    clearInterval(timer);
  });

  test('a body that does not come ends its connection, announced or chunked, also drop by drop', async () => {
    open = await openPort({ headMs: 400, requestMs: 800 });
    const sockets = ['Content-Length: 900000', 'Transfer-Encoding: chunked'].map((length) => {
      const socket = client();
      socket.write(`POST /slow HTTP/1.1\r\nHost: localhost\r\n${length}\r\n\r\n`);
      return socket;
    });
    const timer = setInterval(() => {
      sockets[0]?.write('x');
      sockets[1]?.write('1\r\nx\r\n');
    }, 50);
    await Promise.all(sockets.map(closed));
    clearInterval(timer);
    expect(await eventually('no socket is left', async () => (await open.connections()) === 0)).toBe(true);
  });

  test('a request that takes nearly as long as it may is answered', async () => {
    open = await openPort({ headMs: 5_000, requestMs: 20_000 });
    const socket = client();
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    for (const letter of `${HEAD}Connection: close\r\n\r\n`) {
      socket.write(letter);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await eventually('the answer', () => text.includes('200 OK'));
  });

  test('an idle connection is closed after its answer', async () => {
    open = await openPort({ keepAliveMs: 100 });
    const socket = client();
    socket.write(`${HEAD}\r\n`);
    await closed(socket);
  });

  test('a client that does not read its answer is closed', async () => {
    open = await openPort({ silentMs: 400 });
    const socket = client().pause();
    socket.write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await eventually('it is being answered', async () => (await open.connections()) === 1);
    await eventually('it is closed', async () => (await open.connections()) === 0);
  });

  test('a WebSocket handshake that is not answered ends its connection', async () => {
    const webSocket = { path: '/stream', server: new WebSocketServer({ noServer: true }) };
    open = await openPort({ handshakeMs: 100 }, { webSocket });
    const socket = client();
    socket.write('GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await closed(socket);
    await eventually('no socket is left', async () => (await open.connections()) === 0);
  });

  test('no connection grows old: a busy one ends with its next answer, a silent one at once', async () => {
    open = await openPort({ ageMs: 500 });
    const busy = client();
    let text = '';
    busy.on('data', (data) => {
      text += data;
    });
    const timer = setInterval(() => busy.writable && busy.write(`${HEAD}\r\n`), 20);
    await Promise.all([closed(busy), closed(client())]);
    clearInterval(timer);
    // Each answer is whole.
    expect(text.match(/HTTP\/1\.1 200 OK/g)?.length).toBe(text.match(/\{\}/g)?.length);
  });

  test('what is no HTTP is answered with a problem, and its socket does not stay', async () => {
    open = await openPort();
    for (const bytes of [
      'NONSENSE\r\n\r\n',
      '\x16\x03\x01\x02\x00',
      'GET / HTTP/9.9\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ]) {
      const answer = await rawRequest(open.port, bytes);
      expect(answer.closed).toBe(true);
      expect(answer.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"code":"malformed_request"/);
    }
    await eventually('no socket is left', async () => (await open.connections()) === 0);
  });
});
