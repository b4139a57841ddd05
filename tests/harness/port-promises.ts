import { expect, test } from 'vitest';
import { rawRequest } from './raw-request.ts';

export interface PortUnderTest {
  readonly port: () => number;
  /** Log lines of level `error` so far. */
  readonly errorLines: () => readonly string[];
}

const SETTINGS = 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA';
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13';

const IGNORED_UPGRADES = [
  ['curl --http2', `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n${SETTINGS}`],
  ['h2c in other letters', `connection: UPGRADE\r\nupgrade: H2C\r\n${SETTINGS}`],
  ['an unknown protocol', 'Connection: upgrade\r\nUpgrade: FOO/2.0'],
  ['a list', 'Connection: upgrade\r\nUpgrade: h2c, websocket, TLS/1.0'],
  ['two headers', 'Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: IRC/6.9'],
  ['no protocol', 'Connection: upgrade\r\nUpgrade:'],
  ['spaces', 'Connection:  upgrade \r\nUpgrade:   h2c  '],
] as const;

/** Requests, as head, headers and body, whose answers an ignored upgrade must not change. */
const REQUESTS = [
  ['GET /healthz', '', ''],
  ['HEAD /healthz', '', ''],
  ['OPTIONS /healthz', '', ''],
  ['GET /nothing/here', '', ''],
  ['POST /edge/v1/unknown', 'Content-Length: 3\r\n', 'abc'],
  ['PUT /edge/v1/unknown', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'],
] as const;

const BROKEN_HOSTS = [
  ['none', ''],
  ['an empty one', 'Host:\r\n'],
  ['spaces only', 'Host:    \r\n'],
  ['two', 'Host: localhost\r\nHost: localhost\r\n'],
  ['two in one', 'Host: localhost, localhost\r\n'],
  ['a space inside', 'Host: a b\r\n'],
  ['bytes that are no text', 'Host: \xff\xfe\x80\r\n'],
  ['an address with five parts', 'Host: 1.2.3.4.5\r\n'],
  ['an address out of range', 'Host: 999.999.999.999\r\n'],
  ['a broken IPv6 address', 'Host: [::1\r\n'],
  ['letters in an IPv6 address', 'Host: [::xyz]\r\n'],
  ['a port that is not a number', 'Host: localhost:http\r\n'],
  ['a port out of range', 'Host: localhost:70000\r\n'],
  ['a path', 'Host: localhost/status\r\n'],
  ['a user', 'Host: user@localhost\r\n'],
  ['a query', 'Host: localhost?a\r\n'],
  ['percent signs', 'Host: %00%zz\r\n'],
  ['markup', 'Host: <script>\r\n'],
  ['a name of 300 letters', `Host: ${'a'.repeat(300)}\r\n`],
] as const;

const GOOD_HOSTS = ['localhost', 'LOCALHOST:8080', '127.0.0.1:8080', '[::1]', '[::1]:8080', 'a.b-c.example.'] as const;

/** Tests for the promises of every HTTP port of BlackTide, for the core's ports and for workerd's. */
export function describePort({ port, errorLines }: PortUnderTest): void {
  const ask = (head: string, headers: string, body: string) =>
    rawRequest(port(), `${head} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`);
  const status = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);

  test.concurrent.each(IGNORED_UPGRADES)('an upgrade is ignored, and the connection closes: %s', async (_, upgrade) => {
    for (const [head, headers, body] of REQUESTS) {
      const plain = await ask(head, `Connection: close\r\n${headers}`, body);
      const upgrading = await ask(head, `${upgrade}\r\n${headers}`, body);
      expect([head, status(upgrading.text), upgrading.closed]).toEqual([head, status(plain.text), true]);
      expect(upgrading.text).not.toMatch(/^HTTP\/1\.1 101|\r\nupgrade:/i);
    }
  });

  test.concurrent('a second request behind an ignored upgrade does not hang', async () => {
    const next = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const { text, closed } = await ask('GET /healthz', 'Connection: Upgrade\r\nUpgrade: h2c\r\n', next);
    expect([status(text), closed]).toEqual([200, true]);
  });

  test.concurrent.each(['websocket', 'WebSocket'])(
    'a WebSocket upgrade of a path without WebSocket is refused: %s',
    async (protocol) => {
      for (const path of ['/healthz', '/', '/status/nobody', '/api/v1/monitors', '/edge/v1/test', '/api/v1/stream/x']) {
        for (const method of ['GET', 'POST']) {
          const headers = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${KEY}\r\n`;
          const { text, closed } = await ask(`${method} ${path}`, headers, '');
          expect([path, status(text) >= 400, closed]).toEqual([path, true, true]);
        }
      }
    },
  );

  test.concurrent.each(BROKEN_HOSTS)('a broken Host is 400: %s', async (_, host) => {
    for (const target of ['/healthz', '/status/nobody', '/edge/v1/directory', '/api/v1/monitors']) {
      const { text, closed } = await rawRequest(port(), `GET ${target} HTTP/1.1\r\n${host}\r\n`);
      expect([target, status(text), closed]).toEqual([target, 400, true]);
      expect(text).toMatch(/\r\n\r\n(?:[0-9a-f]+\r\n)?\{.*"code":"malformed_request"/);
    }
    expect(errorLines()).toEqual([]);
  });

  test.concurrent.each(GOOD_HOSTS)('a good Host is answered: %s', async (host) => {
    const { text } = await rawRequest(port(), `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(status(text)).toBe(200);
  });

  test.concurrent('request targets that are not paths get an answer below 500', async () => {
    const targets = [
      'http://a b/',
      'http://[/',
      '*',
      'http://1.2.3.4.5/healthz',
      '//',
      '/%zz',
      '/\\',
      'healthz',
      '/..//..',
    ];
    for (const target of targets) {
      const { text } = await ask(`GET ${target}`, 'Connection: close\r\n', '');
      expect([target, status(text) >= 200 && status(text) < 500]).toEqual([target, true]);
    }
    const connected = await rawRequest(port(), 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
    expect(connected.closed).toBe(true);
    expect(errorLines()).toEqual([]);
  });
}
