import { SELF } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { SERVICE_BODY_BYTES_MAX, type TestAnswer } from '#domain/wire/wire.ts';
import {
  assign,
  assignmentOf,
  behave,
  hitsOf,
  newMonitor,
  newShardName,
  order,
  send,
  shardOf,
  tokenFor,
  untilResults,
  world,
} from '#tests/edge/shard.ts';
import { signServiceToken } from './service-token.ts';

const CHUNK = new Uint8Array(64 * 1024);

describe('the gate', () => {
  async function attempt(tokenOf: (method: string, path: string, body: string) => Promise<string>) {
    const shard = newShardName();
    const path = `/edge/v1/shards/${shard}/assignment`;
    const body = JSON.stringify(assignmentOf(shard, 1, [newMonitor()]));
    const answer = await send('PUT', path, body, await tokenOf('PUT', path, body));
    return { answer, version: (await shardOf(shard).inspect()).version };
  }

  it.each([
    ['no token at all', async () => ''],
    ['something else than a token', async () => 'nonsense'],
    ['an expired token', (method, path, body) => tokenFor(method, path, body, Date.now() - 120_000)],
    ['a token of the future', (method, path, body) => tokenFor(method, path, body, Date.now() + 120_000)],
    ['a token for another body', (method, path) => tokenFor(method, path, '{}')],
    ['a token for another path', (method, _path, body) => tokenFor(method, '/edge/v1/test', body)],
    ['a token for another method', (_method, path, body) => tokenFor('POST', path, body)],
    ['a token of somebody else', (method, path, body) => foreignToken(method, path, body)],
    ['a token of the edge itself', (method, path, body) => reflectedToken(method, path, body)],
  ] satisfies [string, (method: string, path: string, body: string) => Promise<string>][])(
    'refuses %s, and nothing changes',
    async (_name, tokenOf) => {
      const { answer, version } = await attempt(tokenOf);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(await answer.json()).toMatchObject({ code: 'invalid_service_token', status: 401 });
      expect(version).toBe(0);
    },
  );

  it('lets a token through once', async () => {
    const monitor = newMonitor();
    const shard = newShardName();
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 6);
    const path = `/edge/v1/shards/${shard}/monitors/${monitor.id}/check`;
    const body = JSON.stringify({ v: 1, requestedAt: new Date().toISOString() });
    const token = await tokenFor('POST', path, body);
    expect((await send('POST', path, body, token)).status).toBe(202);
    await untilResults(shard, 12);
    const replay = await send('POST', path, body, token);
    expect(replay.status).toBe(401);
    expect(await hitsOf(monitor)).toHaveLength(12);
  });

  it('stays open for /healthz only', async () => {
    expect((await SELF.fetch('https://edge.test/healthz')).status).toBe(200);
    expect((await SELF.fetch('https://edge.test/edge/v1/shards/shd_1')).status).toBe(401);
    expect((await SELF.fetch('https://edge.test/other')).status).toBe(404);
  });

  describe.each(['/edge/v1/test', '/edge/v1/shards/shd_x/assignment', '/edge/v1/pages/acme'])('at %s', (path) => {
    const method = path.endsWith('/test') ? 'POST' : 'PUT';

    async function sendStream(headers: Record<string, string>) {
      let sent = 0;
      const ended = Promise.withResolvers<void>();
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += CHUNK.length;
          controller.enqueue(CHUNK);
        },
        cancel: () => ended.resolve(),
      });
      const authorization = `Bearer ${await tokenFor(method, path, '')}`;
      const answer = await SELF.fetch(`https://edge.test${path}`, {
        method,
        body,
        headers: { authorization, ...headers },
      });
      return { answer, ended: ended.promise, sent: () => sent };
    }

    it('refuses a body that grows too large, and reads no more of it', async () => {
      const { answer, ended, sent } = await sendStream({});
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({ code: 'payload_too_large', status: 413 });
      await ended;
      expect(sent()).toBeLessThan(2 * SERVICE_BODY_BYTES_MAX);
    });

    it('refuses a body that announces too much, and reads nothing of it', async () => {
      const { answer, ended, sent } = await sendStream({ 'content-length': String(SERVICE_BODY_BYTES_MAX + 1) });
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({ code: 'payload_too_large', status: 413 });
      await ended;
      expect(sent()).toBeLessThan(SERVICE_BODY_BYTES_MAX / 2);
    });
  });

  it('reads no body of whom it does not know', async () => {
    const body = 'x'.repeat(SERVICE_BODY_BYTES_MAX + 1);
    expect((await send('POST', '/edge/v1/test', body, 'nonsense')).status).toBe(401);
  });

  it('says what is wrong with a body', async () => {
    const path = '/edge/v1/shards/shd_x/assignment';
    const invalid = await order('PUT', path, { v: 1, shard: 'shd_x', version: 0, monitors: [] });
    expect(invalid.status).toBe(422);
    expect(await invalid.json()).toMatchObject({ code: 'validation_failed', errors: [{ path: 'version' }] });
    const other = await order('PUT', path, assignmentOf('shd_y', 1, []));
    expect(await other.json()).toMatchObject({ code: 'validation_failed', errors: [{ path: 'shard' }] });
    const malformed = await send('PUT', path, '{', await tokenFor('PUT', path, '{'));
    expect(await malformed.json()).toMatchObject({ code: 'malformed_json', status: 400 });
  });
});

describe('figures of a shard', () => {
  it('are there for a shard that has an assignment', async () => {
    const shard = newShardName();
    expect((await order('GET', `/edge/v1/shards/${shard}`)).status).toBe(404);
    await assign(shard, 3, [newMonitor({ enabled: false })]);
    const answer = await order('GET', `/edge/v1/shards/${shard}`);
    expect(await answer.json()).toMatchObject({ shard, version: 3, monitors: 1 });
  });
});

describe('check now', () => {
  it('is a manual result with the time it was asked for, and answers 404 for a monitor that is not here', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 6);
    const requestedAt = new Date().toISOString();
    const answer = await order('POST', `/edge/v1/shards/${shard}/monitors/${monitor.id}/check`, { v: 1, requestedAt });
    expect([answer.status, await answer.json()]).toEqual([202, { scheduledAt: requestedAt }]);
    const manual = (await untilResults(shard, 12)).slice(6);
    expect(manual.every((result) => result.manual && result.scheduledAt === requestedAt)).toBe(true);
    const unknown = await order('POST', `/edge/v1/shards/${shard}/monitors/mon_unknown/check`, { v: 1, requestedAt });
    expect(unknown.status).toBe(404);
  });
});

describe('test now', () => {
  it('answers one outcome per location with its story, and re-checks nothing', async () => {
    const monitor = newMonitor();
    await behave(monitor, { failAt: ['us-west'] });
    const { type, config } = monitor;
    const request = { v: 1, timeoutMs: 2_000, locations: ['us-east', 'us-west'], type, config };
    const answer = await order('POST', '/edge/v1/test', request);
    expect(answer.status).toBe(200);
    const { outcomes } = (await answer.json()) as TestAnswer;
    expect(outcomes).toMatchObject([
      { location: 'us-east', outcome: 'success', statusCode: 200 },
      { location: 'us-west', outcome: 'failure', statusCode: 503 },
    ]);
    expect(outcomes.every((outcome) => (outcome.transcript ?? []).length > 0)).toBe(true);
    expect(await hitsOf(monitor)).toHaveLength(2);
  });
});

async function foreignToken(method: string, path: string, body: string): Promise<string> {
  return signAs('blacktide-core', 'blacktide-edge', world.edgePrivateJwk, method, path, body);
}

async function reflectedToken(method: string, path: string, body: string): Promise<string> {
  return signAs('blacktide-edge', 'blacktide-core', world.edgePrivateJwk, method, path, body);
}

function signAs(
  from: 'blacktide-core' | 'blacktide-edge',
  to: 'blacktide-core' | 'blacktide-edge',
  key: string,
  method: string,
  path: string,
  body: string,
): Promise<string> {
  return signServiceToken(key, from, to, { method, path, body: new TextEncoder().encode(body) }, Date.now());
}
