import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { egress } from './egress.ts';

let server: Server | undefined;
const tcpServers = new Set<TcpServer>();
const sockets = new Set<Socket>();
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  for (const listening of tcpServers) listening.close();
  tcpServers.clear();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** A server that says what it likes as soon as the first bytes of a request arrive. */
async function answering(answer: (socket: Socket) => void): Promise<number> {
  const listening = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  tcpServers.add(listening);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return (listening.address() as AddressInfo).port;
}

async function listen(handle: RequestListener): Promise<number> {
  const listening = createServer(handle);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return (listening.address() as AddressInfo).port;
}
const send = (url: string, changes: Partial<Parameters<typeof egress>[0]> = {}) =>
  egress({
    method: 'POST',
    url,
    headers: {},
    body: 'ä',
    timeoutMs: 20_000,
    responseBytesMax: 100,
    allowPrivateTargets: true,
    ...changes,
  });

test.each([
  ['a loopback address', 'http://127.0.0.1:PORT/'],
  ['a name that leads to one', 'http://localhost:PORT/'],
  ['the mapped form', 'http://[::ffff:127.0.0.1]:PORT/'],
  ['the decimal form', 'http://2130706433:PORT/'],
  ['the short form', 'http://127.1:PORT/'],
  ['the metadata service', 'http://169.254.169.254/'],
])('%s is refused before anything is sent', async (_, url) => {
  let requests = 0;
  const port = await listen((_request, response) => {
    requests++;
    response.end();
  });
  const refused = send(url.replace('PORT', String(port)), { allowPrivateTargets: false });
  await expect(refused).rejects.toMatchObject({ code: 'address_refused' });
  expect(requests).toBe(0);
});

test('where the operator allows private targets they are reached; bodies keep their bytes', async () => {
  const port = await listen((request, response) => {
    request.on('data', (chunk: Buffer) => response.end(`${request.headers['content-length']} ${chunk.length}`));
  });
  expect(await send(`http://localhost:${port}/`)).toEqual({ status: 200, body: '2 2', retryAfter: undefined });
});

test('an endless answer is cut', async () => {
  const port = await listen((_, response) => {
    const more = setInterval(() => response.write('x'.repeat(64)), 1);
    response.on('close', () => clearInterval(more));
  });
  expect((await send(`http://127.0.0.1:${port}/`)).body).toBe('x'.repeat(100));
});

test('an answer that does not come is a timeout, and so is a head that drips', async () => {
  const silent = await listen(() => {});
  await expect(send(`http://127.0.0.1:${silent}/`, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
  const dripping = await answering((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX: ');
    const more = setInterval(() => socket.write('x'), 10);
    socket.on('close', () => clearInterval(more));
  });
  await expect(send(`http://127.0.0.1:${dripping}/`, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
});

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const gzip = 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n';
const BROKEN: readonly (readonly [string, number, string])[] = [
  ['a length longer than the body', 200, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok'],
  ['a length longer than no body', 202, 'HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\n'],
  ['a length that is no number', 200, 'HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nok'],
  ['a negative length', 200, 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok'],
  ['two lengths', 200, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
  ['a length beside chunks', 200, `${chunked.slice(0, -2)}Content-Length: 2\r\n\r\nok`],
  ['chunks that are cut off', 200, `${chunked}a\r\nok`],
  ['chunks that are none', 200, `${chunked}zz\r\nok`],
  ['trailers that are cut off', 200, `${chunked}2\r\nok\r\n0\r\nX-Sum: 1`],
  ['a trailer that is none', 200, `${chunked}2\r\nok\r\n0\r\nno trailer\r\n\r\n`],
  ['an unknown coding', 200, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok'],
  ['gzip that is none', 200, `${gzip}nope`],
  ['a 204 with a body', 204, 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'],
  ['a 204 with a body and no length', 204, 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\nhello'],
  ['HTTP/1.0 without a length', 200, 'HTTP/1.0 200 OK\r\n\r\nok'],
  ['no reason', 200, 'HTTP/1.1 200\r\n\r\nok'],
  [
    'interim answers before it',
    200,
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  ],
  ['an interim answer before a malformed one', 201, 'HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 201 Made\r\nno header\r\n\r\n'],
  ['lines without CR', 200, 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['a header that is none', 200, 'HTTP/1.1 200 OK\r\nno header\r\n\r\nok'],
  ['headers of 200 kB', 200, `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}\r\n\r\nok`],
  ['another answer behind it', 200, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n'],
  ['an offer of another protocol', 200, 'HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nok'],
  ['a refusal that is cut short', 503, 'HTTP/1.1 503 Busy\r\nContent-Length: 10\r\n\r\nok'],
];

test.each([
  ['closed', (socket: Socket) => socket.end()],
  ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ['left open', () => {}],
] as const)('an answer keeps its status, however broken its rest, with the connection then %s', async (_, leave) => {
  const statuses = BROKEN.map(async ([name, , text]) => {
    const port = await answering((socket) => socket.write(text, 'latin1', () => leave(socket)));
    const { status } = await send(`http://127.0.0.1:${port}/`);
    return [name, status];
  });
  expect(await Promise.all(statuses)).toEqual(BROKEN.map(([name, status]) => [name, status]));
});

test('a body that drips without end does not hold the answer', async () => {
  const port = await answering((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const more = setInterval(() => socket.write('x'), 100);
    socket.on('close', () => clearInterval(more));
  });
  const { status, body } = await send(`http://127.0.0.1:${port}/`, { timeoutMs: 600_000, responseBytesMax: 1_000_000 });
  expect([status, /^x+$/.test(body)]).toEqual([200, true]);
});

test('a head that is cut off is no answer', async () => {
  const port = await answering((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'));
  await expect(send(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'connection_failed' });
});

test('nobody there, or no such name, is a failed connection', async () => {
  await expect(send('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'connection_failed' });
  await expect(send('http://nowhere.invalid/')).rejects.toMatchObject({ code: 'connection_failed' });
});

test('an answer that switches protocols is an answer, not a wait without end', async () => {
  const port = await listen(() => {});
  server?.on('connection', (socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ status: 101, body: '', retryAfter: undefined });
});
