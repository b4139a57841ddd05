import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { egress } from './egress.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

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
  expect(await send(`http://localhost:${port}/`)).toEqual({ status: 200, body: '2 2' });
});

test('an endless answer is cut', async () => {
  const port = await listen((_, response) => {
    const more = setInterval(() => response.write('x'.repeat(64)), 1);
    response.on('close', () => clearInterval(more));
  });
  expect((await send(`http://127.0.0.1:${port}/`)).body).toBe('x'.repeat(100));
});

test('an answer that does not come, or does not end, is a timeout', async () => {
  const silent = await listen(() => {});
  await expect(send(`http://127.0.0.1:${silent}/`, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
  server?.closeAllConnections();
  server?.close();
  const endless = await listen((_, response) => void response.write('x'));
  await expect(send(`http://127.0.0.1:${endless}/`, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' });
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
  expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ status: 101, body: '' });
});
