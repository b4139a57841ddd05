import { readFileSync, truncateSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signServiceToken } from '#edge/service-token.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { describePort } from '#tests/harness/port-promises.ts';
import { type Installation, newInstallation, type Product, start } from '#tests/harness/product.ts';
import { workerdPidFile } from './orphaned-workerd.ts';

/** The outcome of one check, ordered as the core does. */
async function outcomeOf(installation: Installation, url: string): Promise<unknown> {
  const path = '/edge/v1/test';
  const order = { v: 1, timeoutMs: 5_000, locations: ['eu-central'], type: 'http', config: { url } };
  const body = JSON.stringify(order);
  const key = readFileSync(join(installation.dataDir, 'keys', 'core.private.jwk'), 'utf8');
  const signed = { method: 'POST', path, body: new TextEncoder().encode(body) };
  const token = await signServiceToken(key, 'blacktide-core', 'blacktide-edge', signed, Date.now());
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${installation.edgeOrigin}${path}`, { method: 'POST', headers, body });
  return ((await answer.json()) as { outcomes: unknown[] }).outcomes[0];
}

/** Log lines of the edge, except those before it is ready. */
function linesOf(edge: Product): string[] {
  const [, afterwards = ''] = edge.output().split('Ctrl-C ends it.');
  return afterwards.split('\n').filter(Boolean);
}

function isJsonLine(line: string): boolean {
  try {
    return JSON.parse(line) instanceof Object;
  } catch {
    return false;
  }
}

/** Deadline of each search for a new workerd, on a busy machine. */
const LOOK_MS = 30_000;
const START_MS = 120_000;
/** Starts after a kill. Every third start failed when the ports of the orphaned workerd were requested too early. */
const KILLS = 3;
/** One answer in three was lost while workerd closed connections with bytes on their way. */
const UNREAD_BODIES = 20;

describe('the edge on one machine', () => {
  let installation: Installation;
  let edge: Product;
  beforeAll(async () => {
    installation = await newInstallation();
    edge = await start(installation, { args: ['edge'], env: { BLACKTIDE_LOG_LEVEL: 'debug' } });
  }, START_MS);
  afterAll(async () => {
    await edge?.killTree();
    installation?.remove();
  });

  it('says what goes wrong with a target in its result, and nothing in the log that is not a JSON line', async () => {
    const sockets = new Set<Socket>();
    const banner = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    });
    await new Promise<void>((resolve) => banner.listen(0, '127.0.0.1', resolve));
    const { port } = banner.address() as AddressInfo;
    expect(await outcomeOf(installation, 'http://no-such-name.invalid/')).toMatchObject({ reason: 'dns_failure' });
    expect(await outcomeOf(installation, `http://127.0.0.1:${port}/`)).toMatchObject({
      reason: 'connection_reset',
      detail: 'the connection was closed before an answer, or what came was no HTTP',
    });
    // workerd closes its side of these connections only at its next garbage collection.
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => banner.close(resolve));
    await eventually(
      'what workerd says of the dead name',
      () => linesOf(edge).some((line) => line.includes('"level":"debug"')),
      LOOK_MS,
    );
    expect(linesOf(edge).filter((line) => !isJsonLine(line))).toEqual([]);
  });

  describe('the port', () => {
    const errorLines = () =>
      linesOf(edge).filter((line) => /"level":"(?:error|fatal)"/.test(line) || !isJsonLine(line));
    describePort({ port: () => installation.edgePort, errorLines });

    it('passes answers on as they are', async () => {
      const page = await fetch(`${installation.edgeOrigin}/status/nobody`, { headers: { accept: 'text/html' } });
      expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
      expect(page.headers.get('content-security-policy')).not.toBeNull();
    });

    it.each([
      ['/edge/v1/test', 401, 'invalid_service_token'],
      ['/nothing', 404, 'not_found'],
      ['/healthz', 404, 'not_found'],
      ['/status/nobody/api/v2/summary.json', 405, 'method_not_allowed'],
    ])('answers a body that nobody reads: POST %s', async (path, status, code) => {
      const order = { method: 'POST', body: 'x'.repeat(500_000) };
      const answers = Array.from({ length: UNREAD_BODIES }, async () => {
        const answer = await fetch(`${installation.edgeOrigin}${path}`, order);
        return [answer.status, ((await answer.json()) as { code: string }).code];
      });
      expect(await Promise.all(answers)).toEqual(Array(UNREAD_BODIES).fill([status, code]));
    });

    it('says whether the edge can store what it judges', async () => {
      const ready = await fetch(`${installation.edgeOrigin}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', dependencies: { storage: 'ok' } }]);
    });
  });

  it(
    'starts again at once when its own process alone was killed, whose workerd still holds the port',
    async () => {
      for (let kill = 1; kill <= KILLS; kill += 1) {
        process.kill(edge.pid, 'SIGKILL');
        await edge.exited();
        // Every second time the file that names the orphan is cut short, as by a full disk.
        if (kill % 2 === 0) truncateSync(workerdPidFile(installation.dataDir), kill % 4 === 0 ? 0 : 1);
        edge = await start(installation, { args: ['edge'] });
      }
      expect((await fetch(`${installation.edgeOrigin}/healthz`)).status).toBe(200);
    },
    KILLS * LOOK_MS,
  );

  it(
    'starts workerd again when it was killed, and again when that one was killed while it started',
    async () => {
      const killed = new Set<number>();
      const workerd = () => Number(readFileSync(workerdPidFile(installation.dataDir), 'utf8'));
      const untilAnother = () => eventually('another workerd', () => !killed.has(workerd()) && workerd(), LOOK_MS);
      for (let kill = 1; kill <= 3; kill += 1) {
        const pid = await untilAnother();
        killed.add(pid);
        process.kill(pid, 'SIGKILL');
      }
      await untilAnother();
      await eventually(
        'it answers',
        async () => (await fetch(`${installation.edgeOrigin}/healthz`)).status === 200,
        LOOK_MS,
      );
      expect((await edge.stop()).code).toBe(0);
    },
    5 * LOOK_MS,
  );
});
