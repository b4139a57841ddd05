import type { OutgoingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { check } from '#tests/probes/check.ts';
import { type Handler, type LocalServer, startHttpServer } from '#tests/probes/local-server.ts';

const servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(handler: Handler): Promise<LocalServer> {
  const server = await startHttpServer(handler);
  servers.push(server);
  return server;
}

/** Answers the first request with this redirect, every other one with 200. */
function redirecting(status: number, location: string): Handler {
  return (request, response) =>
    request.url === '/' ? response.writeHead(status, { location }).end('moved') : response.end('there');
}

describe('redirects', () => {
  it.each([
    ['an absolute path', '/there?a=b', '/there?a=b'],
    ['a relative path', 'there', '/there'],
    ['a fragment stays behind', '/there#part', '/there'],
  ])('are followed by %s', async (_what, location, url) => {
    const server = await serve(redirecting(302, location));
    expect(await check({ url: server.origin })).toMatchObject({ outcome: 'success', statusCode: 200, bodyBytes: 5 });
    expect(server.requests[1]?.url).toBe(url);
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ])('%d turns %s into %s', async (status, method, next) => {
    const server = await serve(redirecting(status, '/there'));
    const body = method === 'HEAD' || method === 'DELETE' ? {} : { body: 'content' };
    await check({ url: server.origin, method, ...body });
    const [, second] = server.requests;
    expect(second?.method).toBe(next);
    expect(second?.body).toBe(next === 'POST' || next === 'PUT' ? 'content' : '');
    expect(second?.headers['content-type'] !== undefined).toBe(next === 'POST' || next === 'PUT');
  });

  it('keep credentials with their origin', async () => {
    const names = ['x-api-key', 'x-password', 'x-vercel-protection-bypass', 'x-hub-signature', 'x-credential', 'x-jwt'];
    const headers = Object.fromEntries(names.map((name) => [name, 'secret']));
    const elsewhere = await serve((_request, response) => response.end());
    const server = await serve((request, response) =>
      response.writeHead(302, { location: request.url === '/' ? '/same' : `${elsewhere.origin}/` }).end(),
    );
    await check({
      url: server.origin,
      auth: { type: 'bearer', token: 'secret' },
      headers: { Cookie: 'a=b', 'X-Plain': 'plain', ...headers },
    });
    const secrets = { authorization: 'Bearer secret', cookie: 'a=b', ...headers };
    expect(server.requests[1]?.headers).toMatchObject(secrets);
    const sent = elsewhere.requests[0]?.headers ?? {};
    for (const name of Object.keys(secrets)) expect(sent[name], name).toBeUndefined();
    expect(sent).toMatchObject({ 'x-plain': 'plain', 'x-blacktide-location': 'eu-west' });
  });

  it('end at their limit', async () => {
    const server = await serve((request, response) => response.writeHead(302, { location: `${request.url}x` }).end());
    const outcome = await check({ url: server.origin, maxRedirects: 3 });
    expect(outcome).toMatchObject({ outcome: 'failure', reason: 'too_many_redirects', statusCode: 302 });
    expect(server.requests).toHaveLength(4);
  });

  it('that loop end, too', async () => {
    const server = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    expect(await check({ url: server.origin })).toMatchObject({ reason: 'too_many_redirects' });
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'http://', 'http://a:b@127.0.0.1/'])(
    'to %s are refused',
    async (location) => {
      const { origin } = await serve(redirecting(302, location));
      expect(await check({ url: origin })).toMatchObject({ outcome: 'failure', reason: 'redirect_invalid' });
    },
  );

  it('are judged themselves when they are not to be followed', async () => {
    const server = await serve(redirecting(302, 'http://elsewhere.example/'));
    const assertions = [
      { source: 'status', compare: 'eq', value: 302 },
      { source: 'header', property: 'location', compare: 'eq', value: 'http://elsewhere.example/' },
    ];
    expect(await check({ url: server.origin, followRedirects: false, assertions })).toMatchObject({
      outcome: 'success',
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, OutgoingHttpHeaders]>([
    ['without a target', {}],
    ['with an empty target', { location: '' }],
  ])('%s are answers', async (_what, headers) => {
    const { origin } = await serve((_request, response) => response.writeHead(302, headers).end('where?'));
    expect(await check({ url: origin })).toMatchObject({ outcome: 'success', statusCode: 302, bodyBytes: 6 });
  });

  it('count in the headline time', async () => {
    const server = await serve((request, response) => {
      if (request.url !== '/') return response.end();
      setTimeout(() => response.writeHead(302, { location: '/there' }).end(), 200);
    });
    const outcome = await check({ url: server.origin });
    expect(outcome.responseTimeMs).toBeGreaterThanOrEqual(190);
    expect(outcome.phases?.ttfbMs).toBeGreaterThanOrEqual(190);
  });

  it('do not wait for the body of a redirect', async () => {
    const server = await serve((request, response) => {
      if (request.url !== '/') return response.end();
      response.writeHead(302, { location: '/there' }).write('a body without end');
    });
    expect(await check({ url: server.origin }, { timeoutMs: 2000 })).toMatchObject({ outcome: 'success' });
    await server.idle();
  });
});
