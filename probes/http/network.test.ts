import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNodeNetwork, NODE_CLOCK } from '#core/runner/network.ts';
import type { Network } from '#probes/network.ts';
import { type Certificates, type KeyPair, makeCertificates } from '#tests/probes/certificates.ts';
import { check, LOCAL_NETWORK } from '#tests/probes/check.ts';
import { type LocalServer, startHttpServer, startRawServer } from '#tests/probes/local-server.ts';
import { networkConformance } from '#tests/probes/network-conformance.ts';
import { startScriptedTargets } from '#tests/probes/scripted-targets.ts';

const servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(pair?: KeyPair): Promise<LocalServer> {
  const server = await startHttpServer((_request, response) => response.end('ok'), pair);
  servers.push(server);
  return server;
}

describe("the Network port's adapter for Node", () => {
  let targets: { url: string; close(): Promise<void> };
  beforeAll(async () => {
    targets = await startScriptedTargets();
  });
  afterAll(() => targets.close());

  networkConformance({
    network: LOCAL_NETWORK,
    clock: NODE_CLOCK,
    targetsUrl: () => targets.url,
    undoesAlso: ['zstd', 'BR', 'br, gzip'],
    sendsLatin1: true,
  });
});

describe('a target that cannot be reached', () => {
  it('refuses the connection', async () => {
    const server = await serve();
    await server.close();
    const outcome = await check({ url: server.origin });
    expect(outcome).toMatchObject({ outcome: 'failure', reason: 'connection_refused', responseTimeMs: null });
    expect(outcome.statusCode).toBeUndefined();
  });

  it('resets the connection', async () => {
    const server = await startRawServer((socket) => socket.resetAndDestroy());
    servers.push(server);
    expect(await check({ url: server.origin })).toMatchObject({ outcome: 'failure', reason: 'connection_reset' });
  });

  it('has only the other version of IP', async () => {
    const server = await serve();
    expect(await check({ url: server.origin, ipVersion: '6' })).toMatchObject({ reason: 'network_unreachable' });
    expect(await check({ url: server.origin, ipVersion: '4' })).toMatchObject({ outcome: 'success' });
  });
});

describe('an answer as the edge would see it', () => {
  const answering = async (...lines: (string | Uint8Array)[]) => {
    const server = await startRawServer((socket) => {
      // Only a reading socket detects the end of the connection.
      socket.resume();
      for (const line of lines) {
        socket.write(line);
        socket.write('\r\n');
      }
      socket.write('\r\n');
    });
    servers.push(server);
    return server;
  };

  it.each([
    ['with the protocol it names', ['Connection: Upgrade', 'Upgrade: websocket']],
    ['with none', []],
  ])(
    'switches protocols, %s: nobody asked for that',
    async (_, headers) => {
      const server = await answering('HTTP/1.1 101 Switching Protocols', ...headers);
      const outcome = await check({ url: server.origin }, { timeoutMs: 30_000 });
      expect(outcome).toMatchObject({ outcome: 'failure', reason: 'status_unexpected', statusCode: 101 });
      await server.idle();
    },
    60_000,
  );

  it('may switch protocols where that is what the monitor claims', async () => {
    const server = await answering('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket');
    const assertions = [
      { source: 'status', compare: 'eq', value: 101 },
      { source: 'header', property: 'upgrade', compare: 'eq', value: 'websocket' },
    ];
    expect(await check({ url: server.origin, assertions })).toMatchObject({ outcome: 'success', statusCode: 101 });
  });

  it('names things in UTF-8, and in what is none', async () => {
    const latin1 = Buffer.from('X-Old: caf\u00e9 noir', 'latin1');
    const server = await answering('HTTP/1.1 200 OK', 'X-Name: caf\u00e9 \u{1f600}', latin1, 'Content-Length: 0');
    const assertions = [
      { source: 'header', property: 'x-name', compare: 'eq', value: 'caf\u00e9 \u{1f600}' },
      { source: 'header', property: 'x-old', compare: 'eq', value: 'caf\ufffd noir' },
    ];
    expect(await check({ url: server.origin, assertions })).toMatchObject({ outcome: 'success' });
  });

  it('leads on in UTF-8', async () => {
    const next = await startHttpServer((_request, response) => response.end('ok'));
    servers.push(next);
    const first = await answering('HTTP/1.1 302 Found', `Location: ${next.origin}/\u00e9`, 'Content-Length: 0');
    expect(await check({ url: first.origin })).toMatchObject({ outcome: 'success' });
    expect(next.requests.map(({ url }) => url)).toEqual(['/%C3%A9']);
  });
});

describe('TLS', () => {
  let certificates: Certificates;
  let trusting: Network;
  beforeAll(() => {
    certificates = makeCertificates();
    trusting = createNodeNetwork({ allowPrivateTargets: true, extraCa: certificates.ca });
  });

  it('tells the facts of a good certificate, and how long it took', async () => {
    const { origin } = await serve(certificates.good);
    const assertions = [{ source: 'tls', property: 'daysLeft', compare: 'lte', value: 2 }];
    const outcome = await check({ url: origin, assertions }, { network: trusting });
    expect(outcome).toMatchObject({
      outcome: 'success',
      tls: { protocol: 'TLSv1.3', issuer: 'CN=Test CA, O=BlackTide', subject: 'CN=good' },
    });
    expect(outcome.tls?.fingerprintSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Date.parse(outcome.tls?.notAfter ?? '')).toBeGreaterThan(Date.now());
    expect(outcome.phases?.tlsMs).toBeGreaterThan(0);
  });

  it.each(['expired', 'otherName', 'selfSigned'] as const)('refuses a certificate: %s', async (kind) => {
    const { origin } = await serve(certificates[kind]);
    const refused = await check({ url: origin }, { network: trusting });
    expect(refused).toMatchObject({ outcome: 'failure', reason: 'certificate_invalid', responseTimeMs: null });
    const accepted = await check({ url: origin, verifyTls: false }, { network: trusting });
    expect(accepted).toMatchObject({ outcome: 'success', tls: { protocol: 'TLSv1.3' } });
  });

  it('does not trust an authority of which it was not told', async () => {
    const { origin } = await serve(certificates.good);
    expect(await check({ url: origin }, { network: LOCAL_NETWORK })).toMatchObject({ reason: 'certificate_invalid' });
  });

  it('is not spoken there', async () => {
    const { port } = await serve();
    expect(await check({ url: `https://127.0.0.1:${port}` })).toMatchObject({
      outcome: 'failure',
      reason: 'tls_failure',
    });
  });
});

describe('addresses that may not be reached', () => {
  const guarded = createNodeNetwork({ allowPrivateTargets: false });
  let server: LocalServer;
  beforeAll(async () => {
    server = await startHttpServer((request, response) => {
      if (request.url === '/') return response.end('secret');
      return response.writeHead(302, { location: decodeURIComponent(request.url?.slice(1) ?? '') }).end();
    });
  });
  afterAll(() => server.close());

  it.each(['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])(
    'by %s',
    async (host) => {
      const outcome = await check({ url: `http://${host}:${server.port}/` }, { network: guarded });
      expect(outcome).toMatchObject({ outcome: 'failure', reason: 'address_refused', responseTimeMs: null });
    },
  );

  it('also not by a redirect', async () => {
    // The first hop is allowed like a public server; the second is checked like any other.
    let hops = 0;
    const network: Network = {
      ...LOCAL_NETWORK,
      request: (request, signal) => (hops++ === 0 ? LOCAL_NETWORK : guarded).request(request, signal),
    };
    const target = encodeURIComponent(`http://127.0.0.1:${server.port}/`);
    const outcome = await check({ url: `${server.origin}/${target}` }, { network });
    expect(hops).toBe(2);
    expect(outcome).toMatchObject({ outcome: 'failure', reason: 'address_refused' });
  });

  it('and nothing was sent there', () => {
    expect(server.requests.filter((request) => request.url === '/')).toEqual([]);
  });
});

describe('a request that Node refuses to send', () => {
  it("is the probe's own fault, never the target's", async () => {
    const server = await serve();
    const network: Network = {
      ...LOCAL_NETWORK,
      request: (request, signal) => LOCAL_NETWORK.request({ ...request, headers: [['X-Broken', 'a\nb']] }, signal),
    };
    expect(await check({ url: server.origin }, { network })).toMatchObject({ outcome: 'error', reason: 'probe_error' });
  });
});
