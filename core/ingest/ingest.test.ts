import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LiveEvent } from '#domain/api/live.ts';
import { missedEvent } from '#domain/watch/events.ts';
import { completed, resultAt, roundEvent, startTestCore, statusEvent, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createApp } from '../api/app.ts';
import { apiKeyHash } from '../services/api-keys/create.ts';
import { createInProcessStreams } from '../streams/in-process.ts';
import { isolating } from '../streams/isolate.ts';
import { createIngest } from './consumer.ts';

let core: TestCore;
let app: ReturnType<typeof createApp>;
const live: LiveEvent[] = [];

beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
  const streams = createInProcessStreams();
  const ctx = { ...core.ctx, streams };
  await streams.consume(isolating(ctx, createIngest(ctx)));
  ctx.live.subscribe((_, event) => live.push(event));
  app = createApp(ctx);
});
afterAll(() => core.close());

const PATH = '/edge/v1/events';
const MINUTE = 60_000;
const secondsAgo = (seconds: number) => new Date(Math.floor(Date.now() / 1000 - seconds) * 1000);

async function post(body: string, token: string): Promise<Response> {
  return app.request(PATH, { method: 'POST', body, headers: { Authorization: `Bearer ${token}` } });
}

async function send(...events: unknown[]): Promise<Response> {
  const body = JSON.stringify({ v: 1, shard: core.shardId, events });
  return post(body, await core.edgeToken({ method: 'POST', path: PATH, body }));
}

const countOf = async (monitorId: string) => {
  const [row] = await core.ctx.sql`SELECT count(*)::int AS n FROM check_results WHERE monitor_id = ${monitorId}`;
  return row?.n;
};
const roundsOf = async (monitorId: string) => [
  ...(await core.ctx.sql`SELECT * FROM rounds WHERE monitor_id = ${monitorId} ORDER BY scheduled_at`),
];
const statusOf = async (monitorId: string) => {
  const [row] = await core.ctx.sql`SELECT * FROM monitor_status WHERE monitor_id = ${monitorId}`;
  return row;
};
const parked = () => core.ctx.sql`SELECT subject, reason, payload FROM parked_messages ORDER BY id`;

test('an accepted batch is stored; told again, it writes nothing new and tells nobody twice', async () => {
  const monitor = await core.addMonitor();
  const at = secondsAgo(5);
  const results = [resultAt(monitor, 'eu-west', at), resultAt(monitor, 'us-east', at, { phases: { ttfbMs: 7 } })];
  const answer = await send(...results.map(completed));
  expect([answer.status, await answer.json()]).toEqual([202, { accepted: 2 }]);
  await send(...results.map(completed), ...results.map(completed));
  expect(await countOf(monitor)).toBe(2);
  expect(live.filter((event) => event.type === 'result' && event.data.monitorId === monitor)).toHaveLength(2);
  const [row] = await core.ctx
    .sql`SELECT facts FROM check_results WHERE monitor_id = ${monitor} AND location = 'us-east'`;
  expect(row?.facts).toEqual({ phases: { ttfbMs: 7 } });
  expect((await statusOf(monitor))?.last_check_at).toEqual(at);
});

test('a verdict is stored as it was told, the first of two on one slot, and marks the hours that it may stand', async () => {
  const monitor = await core.addMonitor();
  const at = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 30 * MINUTE);
  const told = roundEvent(monitor, 'down', at, {
    failing: [{ location: 'mars-1', reason: 'dust_storm', detail: 'the sky is red' }],
    excluded: ['eu-west', 'phobos'],
    intervalSeconds: 7_200,
  });
  const ingest = createIngest(core.ctx);
  expect((await send(told, { ...told, status: 'up', failing: [] })).status).toBe(202);
  await Promise.all([ingest.handle([told]), ingest.handle([{ ...told, status: 'up' }])]);
  expect(await roundsOf(monitor)).toEqual([
    {
      monitor_id: monitor,
      scheduled_at: at,
      status: 'down',
      failing: told.failing,
      excluded: ['eu-west', 'phobos'],
      cause: null,
      interval_seconds: 7_200,
      judged_at: new Date(told.at),
      trace_id: told.traceId,
    },
  ]);
  const hours = await core.ctx.sql`SELECT hour FROM dirty_hours WHERE monitor_id = ${monitor} ORDER BY hour`;
  expect(hours.map((row) => row.hour.getTime() - at.getTime())).toEqual([-30 * MINUTE, 30 * MINUTE, 90 * MINUTE]);
});

test('results, verdicts and statuses of a batch are stored together or not at all', async () => {
  const monitor = await core.addMonitor();
  const at = secondsAgo(5);
  const ingest = createIngest(core.ctx);
  const batch = [
    completed(resultAt(monitor, 'eu-west', at)),
    roundEvent(monitor, 'up', at),
    { ...statusEvent(monitor, 'up', 'pending', at), failing: [] },
    roundEvent(monitor, 'down', secondsAgo(4), { excluded: ['\u0000'] }),
  ];
  await expect(ingest.handle(batch)).rejects.toThrow();
  expect([await countOf(monitor), await roundsOf(monitor)]).toEqual([0, []]);
  expect(await statusOf(monitor)).toMatchObject({ status: 'pending', last_check_at: null });
});

test('facts and reasons that only a newer edge knows are kept', async () => {
  const monitor = await core.addMonitor();
  const newer = { hops: [{ ip: '192.0.2.1', ms: 3 }], quantum: true, nested: { deep: { er: null } } };
  const result = {
    ...resultAt(monitor, 'eu-west', secondsAgo(5), { bodyBytes: 5, reason: 'flux_inverted' }),
    ...newer,
  };
  expect((await send(completed({ ...result, outcome: 'failure' }))).status).toBe(202);
  const [row] = await core.ctx.sql`SELECT facts, reason FROM check_results WHERE monitor_id = ${monitor}`;
  expect(row).toEqual({ facts: { bodyBytes: 5, ...newer }, reason: 'flux_inverted' });
});

test('checks that found no room are counted by location, each once', async () => {
  const monitor = await core.addMonitor();
  const refused = { outcome: 'error', reason: 'overloaded', attempts: 0, responseTimeMs: null } as const;
  const results = [1, 2, 3].map((n) => completed(resultAt(monitor, 'sa-east', secondsAgo(n * 5), refused)));
  await send(...results, ...results);
  await send(...results);
  expect(core.ctx.metrics.render()).toContain('blacktide_checks_overloaded_total{location="sa-east"} 3\n');
});

test('checks of a round that were not made are a result for each location, stored and counted once', async () => {
  const monitor = await core.addMonitor();
  const at = secondsAgo(5);
  const round = { slotMs: at.getTime(), manual: false, traceId: '7'.repeat(32) };
  const why = { reason: 'overloaded', detail: 'no room' } as const;
  const some = missedEvent(monitor, round, ['us-west', 'eu-central'], why);
  const one = missedEvent(monitor, round, ['ap-southeast'], { reason: 'location_unavailable', detail: 'no answer' });
  await send(some, one, some);
  await send(some);
  const rows = await core.ctx.sql`
    SELECT location, outcome, reason, attempts, scheduled_at AS at FROM check_results
    WHERE monitor_id = ${monitor} ORDER BY location`;
  const row = { outcome: 'error', attempts: 0, at };
  expect([...rows]).toEqual([
    { ...row, location: 'ap-southeast', reason: 'location_unavailable' },
    { ...row, location: 'eu-central', reason: 'overloaded' },
    { ...row, location: 'us-west', reason: 'overloaded' },
  ]);
  const told = live.filter((event) => event.type === 'result' && event.data.monitorId === monitor);
  expect(told).toHaveLength(3);
  expect(core.ctx.metrics.render()).toContain('blacktide_checks_overloaded_total{location="eu-central"} 1\n');
});

test('two batches with the same rounds at the same time store each result once', async () => {
  const monitor = await core.addMonitor();
  const events = [1, 2, 3, 4, 5].map((n) => completed(resultAt(monitor, 'eu-west', secondsAgo(n * 5))));
  const ingest = createIngest(core.ctx);
  await Promise.all([ingest.handle(events), ingest.handle([...events].reverse()), ingest.handle(events)]);
  expect(await countOf(monitor)).toBe(5);
});

test('the newest slot is the latest status of a location, whatever comes after it', async () => {
  const monitor = await core.addMonitor();
  await send(completed(resultAt(monitor, 'eu-west', secondsAgo(5), { outcome: 'failure', reason: 'timeout' })));
  await send(completed(resultAt(monitor, 'eu-west', secondsAgo(30))));
  const [row] = await core.ctx.sql`SELECT outcome, reason FROM location_status WHERE monitor_id = ${monitor}`;
  expect(row).toEqual({ outcome: 'failure', reason: 'timeout' });
});

test('a status event of an older round changes nothing', async () => {
  const monitor = await core.addMonitor();
  const [before, after] = [secondsAgo(20), secondsAgo(10)];
  await send(statusEvent(monitor, 'up', 'down', after));
  await send(statusEvent(monitor, 'down', 'up', before));
  await send(statusEvent(monitor, 'up', 'down', after), completed(resultAt(monitor, 'eu-west', secondsAgo(1))));
  expect(await statusOf(monitor)).toMatchObject({ status: 'up', since: after, observed_at: after });
  expect(live.filter((event) => event.type === 'monitor.status' && event.data.monitorId === monitor)).toHaveLength(1);
});

test('a paused monitor stays paused when its last events are late', async () => {
  const monitor = await core.addMonitor({ enabled: false });
  await send(statusEvent(monitor, 'down', 'up', secondsAgo(3)));
  expect((await statusOf(monitor))?.status).toBe('paused');
});

test('a monitor that is resumed before the edge heard of the pause shows again what the edge said meanwhile', async () => {
  const monitor = await core.addMonitor({ enabled: false });
  await send(statusEvent(monitor, 'up', 'pending', secondsAgo(3)));
  expect((await statusOf(monitor))?.status).toBe('paused');
  await core.ctx.sql`UPDATE monitors SET enabled = true WHERE id = ${monitor}`;
  await send(completed(resultAt(monitor, 'eu-west', secondsAgo(1))));
  expect(await statusOf(monitor)).toMatchObject({ status: 'up', edge_status: 'up' });
});

test('messages of an unknown version, kind or shape are parked; the rest of their batch is stored', async () => {
  const monitor = await core.addMonitor();
  const good = resultAt(monitor, 'eu-west', secondsAgo(5));
  const strange = [
    { ...completed(resultAt(monitor, 'us-east', secondsAgo(5))), v: 2 },
    { v: 1, kind: 'check.guessed' },
    completed({ ...good, location: 'mars' as 'eu-west' }),
    'not an object',
  ];
  const answer = await send(...strange, completed(good));
  expect(answer.status).toBe(202);
  expect(await countOf(monitor)).toBe(1);
  const rows = await parked();
  expect(rows.map((row) => JSON.parse(row.payload))).toEqual(expect.arrayContaining(strange));
  const total = () => /parked_messages_total\{consumer="ingest"\} (\d+)/.exec(core.ctx.metrics.render())?.[1];
  const counted = total();
  expect(Number(counted)).toBeGreaterThanOrEqual(strange.length);
  await send(...strange);
  expect(await parked()).toHaveLength(rows.length);
  expect(total()).toBe(counted);
});

test('a kind of event that only a newer edge knows waits among the dead letters, once', async () => {
  const { sql } = core.ctx;
  const key = 'btk_of_the_owner';
  await sql`
    INSERT INTO users (id, email, name, password_hash, installation_owner) VALUES ('usr_1', 'o@example.com', 'O', '', true)`;
  await sql`
    INSERT INTO api_keys (id, organization_id, created_by, name, prefix, key_hash, scopes)
    VALUES ('key_1', ${core.organizationId}, 'usr_1', 'k', 'btk_', ${apiKeyHash(key)}, '["admin"]')`;
  const event = { v: 1, kind: 'probe.dreamt', of: ['electric', 'sheep'] };
  for (let again = 0; again < 3; again++) expect((await send(event, event)).status).toBe(202);
  const answer = await app.request('/api/v1/dead-letters', { headers: { Authorization: `Bearer ${key}` } });
  const { data } = (await answer.json()) as { data: { body: { kind?: string } }[] };
  expect(data.filter(({ body }) => body.kind === event.kind)).toMatchObject([{ body: event }]);
});

test('what arrives of a monitor that is gone is accepted and forgotten', async () => {
  const gone = 'mon_00000000000000000000000000';
  const answer = await send(
    completed(resultAt(gone, 'eu-west', secondsAgo(5))),
    roundEvent(gone, 'up', secondsAgo(5)),
    statusEvent(gone, 'up', 'pending', secondsAgo(5)),
  );
  expect(answer.status).toBe(202);
  expect(await countOf(gone)).toBe(0);
});

test('a monitor that is deleted while its results are on the way does not stop the others', async () => {
  const [kept, deleted] = [await core.addMonitor(), await core.addMonitor()];
  await send(completed(resultAt(deleted, 'eu-west', secondsAgo(10))));
  await core.ctx.sql`DELETE FROM monitors WHERE id = ${deleted}`;
  const at = secondsAgo(5);
  const answer = await send(
    completed(resultAt(deleted, 'eu-west', at)),
    statusEvent(deleted, 'up', 'pending', at),
    completed(resultAt(kept, 'eu-west', at)),
  );
  expect(answer.status).toBe(202);
  expect(await countOf(kept)).toBe(1);
});

test('results of a week without a partition get one; those from another age are parked', async () => {
  const monitor = await core.addMonitor();
  const weeksAgo = (weeks: number) => secondsAgo(weeks * 7 * 86_400);
  const answer = await send(
    completed(resultAt(monitor, 'eu-west', weeksAgo(6))),
    completed(resultAt(monitor, 'eu-west', weeksAgo(60))),
    completed(resultAt(monitor, 'eu-west', weeksAgo(-2))),
    roundEvent(monitor, 'up', weeksAgo(7)),
    roundEvent(monitor, 'up', weeksAgo(61)),
    roundEvent(monitor, 'up', weeksAgo(-2)),
  );
  expect(answer.status).toBe(202);
  expect([await countOf(monitor), (await roundsOf(monitor)).length]).toEqual([1, 1]);
  const late = (await parked()).filter((row) => /too far from now/.test(row.reason));
  expect(late.map((row) => row.subject).sort()).toEqual([
    'check.completed',
    'check.completed',
    'round.judged',
    'round.judged',
  ]);
});

test('text that PostgreSQL cannot hold is stored without its NUL characters', async () => {
  const monitor = await core.addMonitor();
  const at = secondsAgo(5);
  const detail = 'body \u0000 contains';
  const failing = [{ location: 'eu-west', detail }];
  const answer = await send(
    completed(resultAt(monitor, 'eu-west', at, { outcome: 'failure', detail })),
    roundEvent(monitor, 'down', at, { failing }),
  );
  expect(answer.status).toBe(202);
  expect(await countOf(monitor)).toBe(1);
  expect(await roundsOf(monitor)).toMatchObject([{ failing: [{ detail: 'body \ufffd contains' }] }]);
});

test('one event that PostgreSQL refuses is parked, and what is before and behind it is stored', async () => {
  const monitor = await core.addMonitor();
  const others = Array.from({ length: 20 }, (_, n) => completed(resultAt(monitor, 'eu-west', secondsAgo(5 + n * 5))));
  // Half of a surrogate pair: valid in a JavaScript string, refused by jsonb.
  const refused = completed(resultAt(monitor, 'us-east', secondsAgo(5), { tls: { issuer: 'CN=\ud83d' } }));
  // A NUL in a field whose schema does not replace it.
  const dark = { v: 1, kind: 'location.state', id: 'evt_1', location: 'us-east', shard: 'shd_\u0000', dark: true };
  const nul = { ...dark, at: secondsAgo(5).toISOString() };
  const batch = [...others.slice(0, 7), refused, ...others.slice(7, 15), nul, ...others.slice(15)];
  expect((await send(...batch)).status).toBe(202);
  expect(await countOf(monitor)).toBe(20);
  const kept = () => core.ctx.sql`
    SELECT subject, reason, payload FROM parked_messages WHERE reason LIKE 'invalid %' ORDER BY subject`;
  expect([...(await kept())]).toEqual([
    { subject: 'check.completed', reason: 'invalid input syntax for type json', payload: JSON.stringify(refused) },
    { subject: 'location.state', reason: expect.stringContaining('invalid byte'), payload: JSON.stringify(nul) },
  ]);
  expect((await send(...batch)).status).toBe(202);
  expect(await kept()).toHaveLength(2);
});

test('text that jsonb refuses, in what only a newer edge knows, parks its own event and no other', async () => {
  const monitor = await core.addMonitor();
  const bad = ['\u0000', '\ud83d', 'a\udc00b'];
  const refused = bad.flatMap((text, n) => [
    completed({ ...resultAt(monitor, 'us-east', secondsAgo(5 + n)), newer: { said: [text] } } as never),
    roundEvent(monitor, 'down', secondsAgo(5 + n), { failing: [{ location: 'eu-west', said: text } as never] }),
    roundEvent(monitor, 'down', secondsAgo(15 + n), { failing: [{ location: `eu-${text}` }] }),
    roundEvent(monitor, 'unknown', secondsAgo(25 + n), { excluded: [text] }),
  ]);
  const fine = roundEvent(monitor, 'up', secondsAgo(60));
  expect((await send(...refused, fine)).status).toBe(202);
  expect((await roundsOf(monitor)).map((row) => row.status)).toEqual(['up']);
  const kept = (await parked()).map((row) => row.payload);
  expect(kept).toEqual(expect.arrayContaining(refused.map((event) => JSON.stringify(event))));
});

test('a location that goes dark is remembered for operators, the newest word winning', async () => {
  const state = (dark: boolean, at: Date) => ({
    v: 1,
    kind: 'location.state',
    id: `evt_${at.getTime()}`,
    location: 'sa-east',
    shard: core.shardId,
    dark,
    at: at.toISOString(),
  });
  await send(state(true, secondsAgo(10)), state(false, secondsAgo(60)));
  const rows = await core.ctx.sql`SELECT location, dark FROM location_darkness`;
  expect([...rows]).toEqual([{ location: 'sa-east', dark: true }]);
});

test('a token that is missing, wrong, expired, used or made for other bytes gets 401 and changes nothing', async () => {
  const monitor = await core.addMonitor();
  const body = JSON.stringify({
    v: 1,
    shard: core.shardId,
    events: [completed(resultAt(monitor, 'eu-west', secondsAgo(5)))],
  });
  const request = { method: 'POST', path: PATH, body };
  const seconds = Math.floor(Date.now() / 1000);
  const wrong = [
    'nonsense',
    await core.edgeToken({ ...request, body: `${body} ` }),
    await core.edgeToken({ ...request, path: '/edge/v1/directory' }),
    await core.edgeToken(request, { iat: seconds - 200, exp: seconds - 140 }),
    await core.edgeToken(request, { iat: seconds, exp: seconds + 3600 }),
    await core.edgeToken(request, { iss: 'blacktide-core', aud: 'blacktide-edge' }),
    (await core.edgeToken(request)).replace(/\..*\./, `.${Buffer.from('{}').toString('base64url')}.`),
  ];
  for (const token of wrong) {
    const answer = await post(body, token);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('Content-Type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'invalid_service_token' });
  }
  expect((await app.request(PATH, { method: 'POST', body })).status).toBe(401);
  expect(await countOf(monitor)).toBe(0);

  const token = await core.edgeToken(request);
  expect((await post(body, token)).status).toBe(202);
  await core.ctx.sql`DELETE FROM check_results WHERE monitor_id = ${monitor}`;
  expect((await post(body, token)).status).toBe(401);
  expect(await countOf(monitor)).toBe(0);
});

test('a batch that is not one is refused, and one that is too large', async () => {
  const odd = JSON.stringify({ v: 2, events: [] });
  expect((await post(odd, await core.edgeToken({ method: 'POST', path: PATH, body: odd }))).status).toBe(400);
  const huge = 'x'.repeat(16 * 1024 * 1024 + 1);
  const token = await core.edgeToken({ method: 'POST', path: PATH, body: huge });
  expect((await post(huge, token)).status).toBe(413);
  expect((await post(huge, 'any')).status).toBe(401);
});

test('a batch may be in gzip: the core says so, and unpacks no more than it takes', async () => {
  const monitor = await core.addMonitor();
  const batch = JSON.stringify({
    v: 1,
    shard: core.shardId,
    events: [completed(resultAt(monitor, 'eu-west', secondsAgo(5)))],
  });
  const postCoded = async (body: Uint8Array<ArrayBuffer>, coding: string) => {
    const token = await core.edgeToken({ method: 'POST', path: PATH, body });
    const headers = { Authorization: `Bearer ${token}`, 'Content-Encoding': coding };
    return app.request(PATH, { method: 'POST', body, headers });
  };
  const taken = await postCoded(new Uint8Array(gzipSync(batch)), 'gzip');
  expect([taken.status, taken.headers.get('Accept-Encoding')]).toEqual([202, 'gzip']);
  expect(await countOf(monitor)).toBe(1);
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(16 * 1024 * 1024 + 1)));
  expect((await postCoded(bomb, 'gzip')).status).toBe(413);
  expect((await postCoded(new TextEncoder().encode(batch), 'gzip')).status).toBe(400);
  expect((await postCoded(new TextEncoder().encode(batch), 'br')).status).toBe(415);
});

test('late results mark their closed hour again, results of the open hour mark it once', async () => {
  const monitor = await core.addMonitor();
  const marks = () => core.ctx.sql`SELECT hour, marked_at FROM dirty_hours WHERE monitor_id = ${monitor} ORDER BY hour`;
  const late = new Date(secondsAgo(0).getTime() - 180 * MINUTE);
  await send(completed(resultAt(monitor, 'eu-west', late)), completed(resultAt(monitor, 'eu-west', secondsAgo(0))));
  const [closed, open] = await marks();
  await send(completed(resultAt(monitor, 'us-east', late)), completed(resultAt(monitor, 'us-east', secondsAgo(0))));
  const [closedAgain, openAgain] = await marks();
  expect(closedAgain?.marked_at.getTime()).toBeGreaterThan(closed?.marked_at.getTime());
  expect(openAgain).toEqual(open);
});
