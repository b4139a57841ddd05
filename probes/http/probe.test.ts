import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { check } from '#tests/probes/check.ts';
import { type Handler, type LocalServer, startHttpServer, startRawServer } from '#tests/probes/local-server.ts';

const servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(handler: Handler): Promise<LocalServer> {
  const server = await startHttpServer(handler);
  servers.push(server);
  return server;
}

async function answerOf(raw: string | Buffer): Promise<LocalServer> {
  const server = await startRawServer((socket) => {
    socket.once('data', () => socket.end(raw));
  });
  servers.push(server);
  return server;
}

describe('an HTTP check', () => {
  it('of a server that answers is a success, with its time, phases and size', async () => {
    const { origin } = await serve((_request, response) => response.end('hello'));
    const outcome = await check({ url: origin });
    expect(outcome).toMatchObject({ outcome: 'success', statusCode: 200, bodyBytes: 5 });
    expect(outcome.reason).toBeUndefined();
    const { connectMs = -1, ttfbMs = -1, transferMs = -1 } = outcome.phases ?? {};
    for (const phase of [connectMs, ttfbMs, transferMs]) expect(phase).toBeGreaterThanOrEqual(0);
    expect(connectMs + ttfbMs + transferMs).toBeLessThanOrEqual((outcome.responseTimeMs ?? 0) + 1);
  });

  it('tells who asks, from where, and sends what was configured', async () => {
    const server = await serve((_request, response) => response.end());
    await check({ url: `${server.origin}/a?b=c`, method: 'POST', headers: { 'X-Own': 'ä' }, body: '{"a":"ü"}' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/a?b=c', body: '{"a":"ü"}' });
    expect(request?.headers).toMatchObject({
      'user-agent': expect.stringContaining('BlackTide'),
      'x-blacktide-location': 'eu-west',
      'content-type': 'application/json',
      accept: '*/*',
    });
  });

  it('lets users override what is not about the probe', async () => {
    const server = await serve((_request, response) => response.end());
    await check({ url: server.origin, headers: { 'user-agent': 'mine', ACCEPT: 'text/html' } });
    expect(server.requests[0]?.headers).toMatchObject({ 'user-agent': 'mine', accept: 'text/html' });
  });

  it.each([
    [
      { type: 'basic', username: 'ada', password: 'pässword' },
      `Basic ${Buffer.from('ada:pässword').toString('base64')}`,
    ],
    [{ type: 'bearer', token: 'abc' }, 'Bearer abc'],
  ])('signs in: %j', async (auth, header) => {
    const server = await serve((_request, response) => response.end());
    await check({ url: server.origin, auth, headers: { authorization: 'other' } });
    expect(server.requests[0]?.headers.authorization).toBe(header);
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s', async (method) => {
    const server = await serve((_request, response) => response.end('x'));
    expect(await check({ url: server.origin, method })).toMatchObject({ outcome: 'success' });
    expect(server.requests[0]?.method).toBe(method);
  });
});

describe('the status', () => {
  it.each([
    [200, undefined, 'success'],
    [204, undefined, 'success'],
    [304, undefined, 'success'],
    [399, undefined, 'success'],
    [404, undefined, 'failure'],
    [503, undefined, 'failure'],
    [404, '4xx', 'success'],
    [200, '4xx', 'failure'],
    [418, [200, '410-420'], 'success'],
  ])('%d, wanted %j: %s', async (status, value, expected) => {
    const { origin } = await serve((_request, response) => response.writeHead(status).end());
    const assertions = value === undefined ? [] : [{ source: 'status', compare: 'in', value: [value].flat() }];
    const outcome = await check({ url: origin, assertions });
    expect(outcome).toMatchObject({ outcome: expected, statusCode: status });
    expect(outcome.reason).toBe(expected === 'success' ? undefined : 'status_unexpected');
  });

  it('is told before everything else that is wrong', async () => {
    const { origin } = await serve((_request, response) => response.writeHead(503).end('sorry'));
    const outcome = await check({
      url: origin,
      assertions: [{ source: 'body', compare: 'contains', value: 'welcome' }],
    });
    expect(outcome).toMatchObject({ outcome: 'failure', reason: 'status_unexpected' });
    expect(outcome.detail).toMatch(/^expected status to be 200-399, got 503; expected body to contain "welcome"/);
    expect(outcome.responseTimeMs).not.toBeNull();
  });
});

describe('assertions', () => {
  const page: Handler = (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'x-version': '7' }).end('{"status":"ok","queue":3}');

  it('all hold', async () => {
    const { origin } = await serve(page);
    const assertions = [
      { source: 'status', compare: 'eq', value: 200 },
      { source: 'header', property: 'X-Version', compare: 'gte', value: 7 },
      { source: 'body', compare: 'matches', value: '"queue":\\d' },
      { source: 'json', property: '$.queue', compare: 'lt', value: 10 },
      { source: 'json', compare: 'schema', value: { required: ['status', 'queue'] } },
      { source: 'responseTime', compare: 'lt', value: 4000 },
    ];
    expect(await check({ url: origin, assertions })).toMatchObject({ outcome: 'success' });
  });

  it.each([
    [{ source: 'json', property: '$.queue', compare: 'lt', value: 3 }, 'assertion_failed'],
    [{ source: 'json', property: '$.nothing', compare: 'ne', value: 3 }, 'assertion_unevaluable'],
    [{ source: 'tls', property: 'issuer', compare: 'exists' }, 'assertion_unevaluable'],
  ])('one does not: %j', async (assertion, reason) => {
    const { origin } = await serve(page);
    expect(await check({ url: origin, assertions: [assertion] })).toMatchObject({ outcome: 'failure', reason });
  });

  it('limit the time of the whole exchange, the body included', async () => {
    const { origin } = await serve((_request, response) => {
      response.write('first');
      setTimeout(() => response.end('last'), 300);
    });
    const outcome = await check({ url: origin, assertions: [{ source: 'responseTime', compare: 'lt', value: 250 }] });
    expect(outcome).toMatchObject({ outcome: 'failure', reason: 'assertion_failed', bodyBytes: 9 });
    expect(outcome.responseTimeMs).toBeGreaterThanOrEqual(290);
    // The split of the 300 ms at the first byte depends on the machine.
    const { ttfbMs = 0, transferMs = 0 } = outcome.phases ?? {};
    expect(ttfbMs + transferMs).toBeGreaterThanOrEqual(290);
  });

  it.each([
    'text/html; charset="iso-8859-1"',
    "text/html;charset='ISO-8859-1'",
    'text/html; charset=iso-8859-1, text/plain',
  ])('read the charset that the server names: %s', async (contentType) => {
    const { origin } = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': contentType }).end(Buffer.from('caf\xe9', 'latin1')),
    );
    const assertions = [{ source: 'body', compare: 'eq', value: 'café' }];
    expect(await check({ url: origin, assertions })).toMatchObject({ outcome: 'success' });
  });
});

describe('a body over the limit', () => {
  it('is cut and reported, and no outage', async () => {
    const { origin } = await serve((_request, response) => response.end('x'.repeat(5000)));
    const outcome = await check({ url: origin, bodyBytesMax: 1024 });
    expect(outcome).toMatchObject({ outcome: 'success', reason: 'body_too_large', bodyBytes: 1024 });
    expect(outcome.detail).toBe('the body is larger than 1 KiB; the rest was not read');
  });

  it('of exactly the limit is whole', async () => {
    const { origin } = await serve((_request, response) => response.end('x'.repeat(1024)));
    const outcome = await check({ url: origin, bodyBytesMax: 1024 });
    expect(outcome).toMatchObject({ outcome: 'success', bodyBytes: 1024 });
    expect(outcome.reason).toBeUndefined();
  });

  it('proves what its beginning proves, and no absence', async () => {
    const { origin } = await serve((_request, response) => response.end(`begin${'x'.repeat(5000)}`));
    const claim = (compare: string, value: string) =>
      check({ url: origin, bodyBytesMax: 1024, assertions: [{ source: 'body', compare, value }] });
    expect(await claim('contains', 'begin')).toMatchObject({ outcome: 'success' });
    expect(await claim('notContains', 'error')).toMatchObject({ outcome: 'failure', reason: 'assertion_unevaluable' });
  });

  it('of a decompression bomb costs no more than the limit', async () => {
    // One gibibyte of zeros in a megabyte: one compressed block repeated as members of a gzip file.
    const member = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    const bomb = Buffer.concat(Array(64).fill(member));
    const server = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    const before = process.memoryUsage().rss;
    const assertions = [{ source: 'body', compare: 'exists' }];
    const outcome = await check({ url: server.origin, assertions });
    expect(outcome).toMatchObject({ outcome: 'success', reason: 'body_too_large', bodyBytes: 1024 * 1024 });
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
    await server.idle();
  });

  it('that never ends ends at the limit', async () => {
    const server = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const pour = () => {
        while (response.write(chunk)) if (response.destroyed) return;
        response.once('drain', pour);
      };
      pour();
    });
    expect(await check({ url: server.origin })).toMatchObject({ outcome: 'success', reason: 'body_too_large' });
    await server.idle();
  });
});

describe('time', () => {
  it.each([
    ['no answer', () => {}, 'no answer within 900 ms'],
    [
      'an answer that does not end',
      (_request, response) => response.write('x'),
      'the answer (200) did not end within 900 ms',
    ],
    [
      'an answer that drips for ever',
      (_request, response) => {
        const drip = setInterval(() => response.write('x'), 50);
        response.on('close', () => clearInterval(drip));
      },
      'the answer (200) did not end within 900 ms',
    ],
  ] satisfies [string, Handler, string][])('runs out: %s', async (_what, handler, detail) => {
    const server = await serve(handler);
    const outcome = await check({ url: server.origin }, { timeoutMs: 900 });
    expect(outcome).toMatchObject({ outcome: 'timeout', reason: 'timeout', detail, responseTimeMs: null });
    // No connection of the attempt stays open.
    await server.idle();
  });

  it('is for all redirects together', async () => {
    const server = await serve((request, response) =>
      setTimeout(() => response.writeHead(302, { location: `${request.url}x` }).end(), 120),
    );
    const outcome = await check({ url: `${server.origin}/` }, { timeoutMs: 400 });
    expect(outcome).toMatchObject({ outcome: 'timeout', reason: 'timeout' });
  });
});

describe('a target that breaks off', () => {
  it.each<[string, string | Buffer, string]>([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'protocol_error'],
    ['a status that means nothing', 'HTTP/1.1 042 Odd\r\ncontent-length: 0\r\n\r\n', 'protocol_error'],
    ['a broken head', 'HTTP/1.1 200 OK\r\nno header\r\n\r\n', 'protocol_error'],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`, 'protocol_error'],
    ['nothing at all', '', 'connection_reset'],
    ['a body shorter than announced', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', 'connection_reset'],
    ['a chunk without end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\nshort', 'connection_reset'],
  ])('%s', async (_what, raw, reason) => {
    const { origin } = await answerOf(raw);
    expect(await check({ url: origin })).toMatchObject({ outcome: 'failure', reason, responseTimeMs: null });
  });

  it('by a reset in the middle of the body', async () => {
    const server = await startRawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', () => socket.resetAndDestroy());
      });
    });
    servers.push(server);
    expect(await check({ url: server.origin })).toMatchObject({ outcome: 'failure', reason: 'connection_reset' });
  });
});

describe('the transcript', () => {
  it('tells the story without a secret in it', async () => {
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/next')) return response.writeHead(200, { 'set-cookie': 'id=s3cret5' }).end('hello');
      return response.writeHead(302, { location: '/next?token=s3cret4' }).end();
    });
    const outcome = await check(
      {
        url: `${server.origin}/first?key=s3cret1`,
        method: 'POST',
        auth: { type: 'bearer', token: 's3cret2' },
        headers: { 'X-Key': 's3cret3' },
        body: 's3cret6',
      },
      { transcript: true },
    );
    const story = outcome.transcript?.join('\n') ?? '';
    expect(story).toContain(
      `→ POST ${server.origin}/first?… with User-Agent, Accept, Content-Type, X-Key, Authorization`,
    );
    expect(story).toContain('← 302');
    expect(story).toContain(`redirected to ${server.origin}/next?…`);
    expect(story).toContain('← 200');
    expect(story).toContain('✓ status to be 200-399');
    expect(story).not.toContain('s3cret');
  });

  it('is bounded, and absent when not asked for', async () => {
    const { origin } = await serve((request, response) =>
      response.writeHead(302, { location: `${request.url}x` }).end(),
    );
    const outcome = await check({ url: `${origin}/`, maxRedirects: 20 }, { transcript: true });
    expect(outcome.transcript?.length).toBeLessThanOrEqual(100);
    expect((await check({ url: origin })).transcript).toBeUndefined();
  });
});
