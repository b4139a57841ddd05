import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openIncident } from '#core/incidents/change.ts';
import { createIngest } from '#core/ingest/consumer.ts';
import { readMonitor } from '#core/services/monitors/stored.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { incidents, monitors, notifications, publishQueue, shards } from '#db/schema.ts';
import { storeResults } from '#db/sql/store-results.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { type CheckResult, resultId, roundTraceId } from '#domain/check/result.ts';
import { CHANNEL, MONITOR } from '#tests/core/sample-objects.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { completed, resultAt, roundEvent } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';

let app: TestApp;
let ada: Browser;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
});
afterAll(() => app.close());

const PATH = '/api/v1/monitors';
const create = async (body: object = {}) => {
  const answer = await ada.request('POST', PATH, { body: { ...MONITOR, ...body } });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer;
};
const rowOf = async (id: string) => {
  const [row] = await app.ctx.db.select().from(monitors).where(eq(monitors.id, id));
  if (row === undefined) throw new Error('the monitor is gone');
  return row;
};

test('a new monitor is pending at all six locations, and its shard has to be told', async () => {
  const { body, headers } = await create();
  expect(body).toMatchObject({ status: 'pending', intervalSeconds: 60, confirm: { quorum: null }, uptime24h: null });
  expect(body.locations.map((location: { id: string }) => location.id)).toEqual(LOCATION_IDS);
  expect(headers.get('ETag')).toBe('"1"');
  const { shardId } = await rowOf(body.id);
  const queued = await app.ctx.db.select().from(publishQueue).where(eq(publishQueue.key, shardId));
  expect(queued).toMatchObject([{ kind: 'assignment' }]);
  expect((await ada.request('GET', `${PATH}/${body.id}`)).body).toEqual(body);
});

test('merge patch: members merge, null falls back to the default, the whole is validated again', async () => {
  const { body } = await create({ tags: ['shop'], confirm: { quorum: 2 } });
  const patch = (change: object, headers = {}) =>
    ada.request('PATCH', `${PATH}/${body.id}`, { body: change, headers: { ...headers } });
  const first = await patch({ config: { method: 'HEAD' }, confirm: { quorum: null } });
  expect(first.body).toMatchObject({
    config: { url: MONITOR.config.url, method: 'HEAD' },
    confirm: { quorum: null },
    tags: ['shop'],
  });
  expect(first.headers.get('ETag')).toBe('"2"');
  expect((await patch({ name: 'x' }, { 'If-Match': '"1"' })).status).toBe(412);
  expect((await patch({ name: 'x' }, { 'If-Match': '"2"' })).status).toBe(200);
  expect((await patch({ config: { url: 'nonsense' } })).body.errors[0].path).toBe('config.url');
  expect((await patch({ confirm: { quorum: 2 }, locations: ['eu-west'] })).body.errors[0].path).toBe('confirm.quorum');
  const merge = { 'Content-Type': 'application/merge-patch+json' };
  expect((await patch({ name: 'By its media type' }, merge)).body.name).toBe('By its media type');
});

test('of several changes that were made from the same copy at once, one is written', async () => {
  const { body, headers } = await create();
  const change = (name: string) =>
    ada.request('PATCH', `${PATH}/${body.id}`, { body: { name }, headers: { 'If-Match': headers.get('ETag') ?? '' } });
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(change));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  const written = answers.find(({ status }) => status === 200);
  expect((await ada.request('GET', `${PATH}/${body.id}`)).body.name).toBe(written?.body.name);
});

test('a password is sealed, never answered, and kept by a patch that leaves it out', async () => {
  const auth = { type: 'basic', username: 'ada', password: 'open sesame' };
  const { body, text } = await create({ config: { ...MONITOR.config, auth } });
  expect(text).not.toContain('open sesame');
  expect(body.config.auth).toEqual({ type: 'basic', username: 'ada' });
  expect(JSON.stringify(await rowOf(body.id))).not.toContain('open sesame');
  const patch = (change: object) => ada.request('PATCH', `${PATH}/${body.id}`, { body: change });
  const stored = async () => readMonitor(app.ctx, await rowOf(body.id)).monitor.config.auth;

  await patch({ config: { auth: { type: 'basic', username: 'bob' } } });
  expect(await stored()).toEqual({ ...auth, username: 'bob' });
  expect((await patch({ config: { auth: { type: 'bearer' } } })).status).toBe(422);
  await patch({ config: { auth: { type: 'bearer', token: 't' } } });
  expect(await stored()).toEqual({ type: 'bearer', token: 't' });
  await patch({ config: { auth: null } });
  expect(await stored()).toBeUndefined();
  const audit = await ada.request('GET', '/api/v1/audit-log');
  expect(audit.text).not.toContain('open sesame');
});

test('pause and resume show at once; a paused monitor is not checked by hand', async () => {
  const { id } = (await create()).body;
  expect((await ada.request('POST', `${PATH}/${id}/pause`)).body).toMatchObject({ status: 'paused', enabled: false });
  expect((await ada.request('GET', `${PATH}?status=paused`)).body.data).toMatchObject([{ id }]);
  expect((await ada.request('POST', `${PATH}/${id}/check`)).body.code).toBe('conflict');
  expect((await ada.request('POST', `${PATH}/${id}/resume`)).body).toMatchObject({ status: 'pending', enabled: true });
  expect((await ada.request('POST', `${PATH}/${id}/check`)).status).toBe(202);
  expect(app.edgeCalls.at(-1)).toEqual(['checkNow', (await rowOf(id)).shardId, id]);
});

test('lists are pages, newest first, and can be narrowed', async () => {
  const made: string[] = [];
  for (let index = 0; index < 5; index++) {
    const body = { name: `Page ${index} 100%_`, tags: [`tag-${index % 2}`, 'paged'] };
    made.unshift((await create(body)).body.id);
  }
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await ada.request('GET', `${PATH}?tag=paged&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.body.data.map((monitor: { id: string }) => monitor.id));
    cursor = page.body.nextCursor;
  }
  expect(seen).toEqual(made);
  expect((await ada.request('GET', `${PATH}?tag=tag-1&limit=200`)).body.data).toHaveLength(2);
  expect((await ada.request('GET', `${PATH}?q=${encodeURIComponent('3 100%_')}`)).body.data).toHaveLength(1);
  expect((await ada.request('GET', `${PATH}?q=shop.example.com&limit=1`)).body.nextCursor).not.toBeNull();
  expect((await ada.request('GET', `${PATH}?limit=201`)).body.errors[0].path).toBe('limit');
});

function result(monitorId: string, location: CheckResult['location'], at: Date, manual = false): CheckResult {
  const slot = at.getTime();
  return {
    id: resultId(monitorId, location, slot, manual),
    monitorId,
    location,
    colo: 'IAD',
    scheduledAt: at.toISOString(),
    startedAt: at.toISOString(),
    outcome: location === 'eu-west' ? 'failure' : 'success',
    ...(location === 'eu-west' ? { reason: 'connection_refused' as const } : {}),
    responseTimeMs: 12.5,
    phases: { ttfbMs: 10 },
    attempts: 1,
    manual,
    traceId: roundTraceId(monitorId, slot, manual),
  };
}

test('what was stored before a rule of today is shown, without its secret, and can be put right', async () => {
  const auth = { type: 'bearer', token: 'open-sesame' };
  const [{ body: older }, { body: other }] = [await create({ config: { ...MONITOR.config, auth } }), await create()];
  const url = 'HTTPS://a:b@old.example/';
  await app.ctx
    .sql`UPDATE monitors SET config = jsonb_set(config, '{url}', to_jsonb(${url}::text)) WHERE id = ${older.id}`;
  const list = await ada.request('GET', PATH);
  expect(list.status).toBe(200);
  expect(list.text).not.toMatch(/open-sesame|a:b@/);
  const shown = new Map(list.body.data.map((one: { id: string }) => [one.id, one]));
  expect(shown.get(other.id)).toEqual(other);
  expect(shown.get(older.id)).toMatchObject({
    id: older.id,
    status: 'pending',
    problem: { code: 'config_unreadable', paths: ['config.url'] },
  });
  const odd = { ...result(older.id, 'us-east', new Date()), tls: { notAfter: 'soon' } };
  await storeResults(app.ctx.db, [odd]);
  expect((await ada.request('GET', `${PATH}/${older.id}/results`)).body.data).toMatchObject([{ id: odd.id }]);
  const patch = (config: object) => ada.request('PATCH', `${PATH}/${older.id}`, { body: { config } });
  expect((await patch({ method: 'HEAD' })).body.errors[0].path).toBe('config.url');
  expect((await patch({ url: 'https://old.example/', auth })).body.config.url).toBe('https://old.example/');
});

test('results page through slots without a gap or a double; locations and latest state follow', async () => {
  const { id } = (await create()).body;
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const results = [0, 1, 2, 3].flatMap((minute) =>
    LOCATION_IDS.map((location) => result(id, location, new Date(start + minute * 60_000))),
  );
  results.push(result(id, 'us-east', new Date(start + 60_000), true));
  await storeResults(app.ctx.db, results);

  const seen: CheckResult[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query = `limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const page = await ada.request('GET', `${PATH}/${id}/results?${query}`);
    seen.push(...page.body.data);
    cursor = page.body.nextCursor;
  }
  expect(seen).toHaveLength(results.length);
  expect(new Set(seen.map((one) => one.id)).size).toBe(results.length);
  expect(seen.map((one) => one.scheduledAt)).toEqual(
    seen
      .map((one) => one.scheduledAt)
      .sort()
      .reverse(),
  );
  expect(seen.find((one) => one.location === 'sa-east')).toEqual(result(id, 'sa-east', new Date(start + 3 * 60_000)));
  const narrowed = `from=${new Date(start + 60_000).toISOString()}&to=${new Date(start + 120_000).toISOString()}`;
  const failures = await ada.request('GET', `${PATH}/${id}/results?${narrowed}&outcome=failure`);
  expect(failures.body.data.map((one: CheckResult) => one.location)).toEqual(['eu-west', 'eu-west']);

  const shown = (await ada.request('GET', `${PATH}/${id}`)).body;
  expect(shown.locations.find((one: { id: string }) => one.id === 'eu-west')).toMatchObject({
    status: 'down',
    reason: 'connection_refused',
    colo: 'IAD',
  });
  const series = await ada.request('GET', `${PATH}/${id}/series?step=60`);
  expect(series.body.locations.length).toBe(LOCATION_IDS.length);
  expect(
    (await ada.request('GET', `${PATH}/${id}/series?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z`)).status,
  ).toBe(422);
  expect((await ada.request('GET', `${PATH}/${id}/uptime?window=7d`)).body.window).toBe('7d');
  const places = (await ada.request('GET', '/api/v1/locations')).body.data;
  expect(places).toMatchObject(
    LOCATION_IDS.map((location) => ({ id: location, status: 'ok', colos: [{ colo: 'IAD' }] })),
  );
});

test('rounds page through slots, newest first, as they were judged, and can be narrowed', async () => {
  const { id } = (await create()).body;
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 30 * 60_000;
  const statuses = ['up', 'degraded', 'down', 'unknown', 'up', 'down', 'up'] as const;
  const rounds = statuses.map((status, minute) =>
    roundEvent(id, status, new Date(start + minute * 60_000), { excluded: ['sa-east'], intervalSeconds: 60 }),
  );
  rounds[2] = {
    ...(rounds[2] ?? roundEvent(id, 'down', new Date())),
    failing: [{ location: 'mars-1', reason: 'dust' }],
  };
  await createIngest(app.ctx).handle(rounds);
  const list = async (query: string) => (await ada.request('GET', `${PATH}/${id}/rounds?${query}`)).body;
  const seen: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await list(`limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.data);
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(
    rounds.toReversed().map(({ scheduledAt, status, failing, excluded, cause, at }) => ({
      scheduledAt,
      status,
      failing,
      excluded,
      ...(cause === undefined ? {} : { cause }),
      judgedAt: at,
    })),
  );
  const slots = ({ data }: { data: { scheduledAt: string }[] }) =>
    data.map(({ scheduledAt }) => (Date.parse(scheduledAt) - start) / 60_000);
  expect(slots(await list('status=down'))).toEqual([5, 2]);
  expect(slots(await list('status=up&limit=2'))).toEqual([6, 4]);
  const [from, to] = [1, 3].map((minute) => new Date(start + minute * 60_000).toISOString());
  expect(slots(await list(`from=${from}&to=${to}`))).toEqual([3, 2, 1]);
  for (const query of ['status=sideways', 'from=yesterday', 'limit=0', 'cursor=!', 'cursor=eA']) {
    expect([400, 422]).toContain((await ada.request('GET', `${PATH}/${id}/rounds?${query}`)).status);
  }
  const uptime = (await ada.request('GET', `${PATH}/${id}/uptime`)).body;
  expect(uptime).toMatchObject({ uptimePercent: 66.667, upSeconds: 240, downSeconds: 120, unknownSeconds: 60 });
});

test('what only a newer edge knows of a result is answered as it came; checks without room are told by location', async () => {
  const { id } = (await create()).body;
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000);
  const newer = { ...result(id, 'us-west', at), reason: 'flux_inverted', hops: [{ ip: '192.0.2.1' }] };
  const refused = { outcome: 'error', reason: 'overloaded', attempts: 0, responseTimeMs: null } as const;
  await createIngest(app.ctx).handle([
    { v: 1, kind: 'check.completed', result: newer },
    ...[1, 2].map((n) => completed(resultAt(id, 'sa-east', new Date(at.getTime() - n * 60_000), refused))),
    completed(resultAt(id, 'sa-east', new Date(at.getTime() - 3 * 60_000), { ...refused, reason: 'missed_slot' })),
  ]);
  const { data } = (await ada.request('GET', `${PATH}/${id}/results?location=us-west`)).body;
  expect(data).toEqual([newer]);
  const sasha = await app.signUp('sasha@example.com');
  const places = async (browser: Browser) =>
    (await browser.request('GET', '/api/v1/locations')).body.data.find((one: { id: string }) => one.id === 'sa-east');
  app.advance(61_000);
  expect(await places(ada)).toMatchObject({ overloadedLastHour: 2 });
  expect(await places(sasha)).toMatchObject({ overloadedLastHour: 0, status: 'unknown', resultsLastHour: 0 });
});

test('deleting a monitor resolves its incident with one notification and gives its place back', async () => {
  await ada.request('POST', '/api/v1/channels', { body: CHANNEL });
  const { id } = (await create()).body;
  const { shardId, organizationId } = await rowOf(id);
  const place = async () => (await app.ctx.db.select().from(shards).where(eq(shards.id, shardId)))[0];
  const before = await place();
  const incident = await inUnit(app.ctx, (unit) =>
    openIncident(
      unit,
      { organizationId, title: 'Down', summary: '', severity: 'critical', monitorId: id },
      { type: 'system', id: null, name: 'BlackTide' },
    ),
  );
  expect((await ada.request('GET', `${PATH}/${id}`)).body.openIncidentId).toBe(incident.id);
  expect((await ada.request('DELETE', `${PATH}/${id}`)).status).toBe(204);
  expect((await ada.request('GET', `${PATH}/${id}`)).status).toBe(404);
  const [closed] = await app.ctx.db.select().from(incidents).where(eq(incidents.id, incident.id));
  expect(closed).toMatchObject({ status: 'resolved', monitorId: null });
  const told = await app.ctx.db.select().from(notifications).where(eq(notifications.incidentId, incident.id));
  expect(told.map((one) => one.type).sort()).toEqual(['incident.opened', 'incident.resolved']);
  const after = await place();
  expect(after?.monitorCount).toBe((before?.monitorCount ?? 0) - 1);
  expect(after?.version).toBeGreaterThan(before?.version ?? 0);
});

test('a shard takes 200 monitors; also when they are created at the same moment', async () => {
  await app.ctx.db.update(shards).set({ monitorCount: 197 });
  const made = await Promise.all(Array.from({ length: 8 }, () => create()));
  const rows = await Promise.all(made.map(({ body }) => rowOf(body.id)));
  const full = await app.ctx.db.select().from(shards);
  expect(Math.max(...full.map((shard) => shard.monitorCount))).toBe(200);
  expect(new Set(rows.map((row) => row.shardId)).size).toBeGreaterThan(1);
});

test('an unsaved monitor is run by the edge, nothing is stored', async () => {
  const { type, config } = MONITOR;
  const answer = await ada.request('POST', `${PATH}/test`, { body: { type, config, locations: ['eu-west'] } });
  expect([answer.status, answer.body]).toEqual([200, { outcomes: [] }]);
  expect(app.edgeCalls.at(-1)).toMatchObject(['test', { v: 1, type, locations: ['eu-west'], timeoutMs: 10_000 }]);
});

test('what may be created may be tried, in the same words and by the same rules', async () => {
  const whole = { ...MONITOR, intervalSeconds: 30, tags: ['shop'], enabled: false, confirm: { quorum: 2 } };
  const { id } = (await create(whole)).body;
  for (const path of [`${PATH}/test`, `${PATH}/${id}/test`]) {
    expect((await ada.request('POST', path, { body: whole })).status).toBe(200);
    const [, order] = app.edgeCalls.at(-1) as [string, object];
    expect(Object.keys(order).sort()).toEqual(['config', 'locations', 'organization', 'timeoutMs', 'type', 'v']);
    for (const [broken, at] of [
      [{ name: '' }, 'name'],
      [{ intervalSeconds: 1 }, 'intervalSeconds'],
      [{ tags: [''] }, 'tags.0'],
      [{ confirm: { quorum: 2 }, locations: ['eu-west'] }, 'confirm.quorum'],
      [{ colour: 'red' }, 'colour'],
    ] as const) {
      const answer = await ada.request('POST', path, { body: { ...whole, ...broken } });
      expect([answer.status, answer.body.errors?.[0].path]).toEqual([422, at]);
    }
  }
});

test('a stored monitor is tried with a change and its own secret, and stays as it is', async () => {
  const auth = { type: 'basic', username: 'ada', password: 'open sesame' };
  const { id } = (await create({ config: { ...MONITOR.config, auth } })).body;
  const change = { config: { url: 'https://shop.example.com/next' } };
  expect((await ada.request('POST', `${PATH}/${id}/test`, { body: change })).status).toBe(200);
  expect(app.edgeCalls.at(-1)).toMatchObject(['test', { config: { ...change.config, auth } }]);
  expect((await ada.request('GET', `${PATH}/${id}`)).body.config.url).toBe(MONITOR.config.url);
});

test('a password is not sent to another host without being given again', async () => {
  const auth = { type: 'basic', username: 'ada', password: 'open sesame' };
  const { id } = (await create({ config: { ...MONITOR.config, auth } })).body;
  const calls = app.edgeCalls.length;
  for (const [method, path] of [
    ['PATCH', `${PATH}/${id}`],
    ['POST', `${PATH}/${id}/test`],
  ] as const) {
    for (const config of [
      { url: 'https://evil.example/' },
      { url: 'http://shop.example.com/' },
      { url: 'https://shop.example.com:8443/', auth: { type: 'basic', username: 'ada' } },
    ]) {
      const answer = await ada.request(method, path, { body: { config } });
      expect([answer.status, answer.body.errors?.[0].path]).toEqual([422, 'config.auth.password']);
    }
    const again = { url: 'https://next.example.com/', auth: { password: 'open sesame' } };
    expect((await ada.request(method, path, { body: { config: again } })).status).toBe(200);
  }
  expect(app.edgeCalls.slice(calls)).toMatchObject([['test', { config: { url: 'https://next.example.com/', auth } }]]);
  const gone = { config: { url: 'https://third.example.com/', auth: null } };
  expect((await ada.request('PATCH', `${PATH}/${id}`, { body: gone })).status).toBe(200);
});

test('what would be sent as something else, or to no possible host, is refused wherever it is written', async () => {
  const { body } = await create();
  const basic = (username: string, password: string) => ({ auth: { type: 'basic', username, password } });
  for (const [change, refused, code] of [
    [{ url: 'https://{host}.example.com/' }, 'config.url', 'validation_failed'],
    [{ url: `https://${'a'.repeat(64)}.example.com/` }, 'config.url', 'validation_failed'],
    [{ headers: { 'CF-Worker': 'x' } }, 'config.headers.CF-Worker', 'validation_failed'],
    [{ headers: { 'X-Name': 'caf\u00e9' } }, 'config.headers.X-Name', 'not_supported'],
    [basic('a:b', 'c'), 'config.auth.username', 'validation_failed'],
    [basic('a', 'b\nc'), 'config.auth.password', 'validation_failed'],
  ] as const) {
    const config = { ...MONITOR.config, ...change };
    for (const [method, path, written] of [
      ['POST', PATH, { ...MONITOR, config }],
      ['POST', `${PATH}/test`, { type: 'http', config }],
      ['PATCH', `${PATH}/${body.id}`, { config }],
      ['POST', `${PATH}/${body.id}/test`, { config }],
    ] as const) {
      const answer = await ada.request(method, path, { body: written });
      expect(answer.body, `${method} ${path} ${JSON.stringify(change)}`).toMatchObject({ status: 422, code });
      expect(answer.body.errors).toMatchObject([{ path: refused, message: expect.any(String) }]);
    }
  }
});

test('an assertion about the certificate is refused: edge locations do not see it', async () => {
  const { body } = await create();
  const tls = { source: 'tls', property: 'daysLeft', compare: 'gt', value: 14 };
  const config = { ...MONITOR.config, assertions: [{ source: 'status', compare: 'eq', value: 200 }, tls] };
  for (const [method, path, written] of [
    ['POST', PATH, { ...MONITOR, config }],
    ['POST', `${PATH}/test`, { type: 'http', config }],
    ['PATCH', `${PATH}/${body.id}`, { config }],
    ['POST', `${PATH}/${body.id}/test`, { config }],
  ] as const) {
    const answer = await ada.request(method, path, { body: written });
    expect(answer.body).toMatchObject({ status: 422, code: 'not_supported' });
    expect(answer.body.errors).toMatchObject([{ path: 'config.assertions.1' }]);
  }
});

test('a configuration is small and shallow enough for its shard and for every reader', async () => {
  const claim = (value: unknown) => ({ source: 'json', property: '$.a', compare: 'eq', value });
  const send = (...assertions: unknown[]) =>
    ada.request('POST', PATH, { body: { ...MONITOR, config: { ...MONITOR.config, assertions } } });
  const large = await send(claim('x'.repeat(40_000)), claim('x'.repeat(40_000)));
  expect([large.status, large.body.errors[0].path]).toEqual([422, 'config']);
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  expect((await send(claim(nested(2_000)))).body).toMatchObject({ status: 400, code: 'malformed_request' });
  expect((await send(claim(nested(50)))).status).toBe(201);
  expect((await send(claim(`${'['.repeat(2_000)}\\"{`))).status).toBe(201);
});
