import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIncidents } from '#core/incidents/consumer.ts';
import { createIngest } from '#core/ingest/consumer.ts';
import { startNotifier } from '#core/notify/notifier.ts';
import { startPublisher } from '#core/publish/publisher.ts';
import { isolating } from '#core/streams/isolate.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { CHANNEL, MONITOR } from '#tests/core/sample-objects.ts';
import { type Answer, type Browser, browserOf, sender } from '#tests/core/test-app.ts';
import { completed, resultAt, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createApp } from './app.ts';

/**
 * One connection listens, one is for plain statements, one for transactions: a transaction that needs a second one
 * never ends.
 */
const CONNECTIONS = 3;
const PARALLEL = 60;
const ORIGIN = 'http://localhost:8080';
/** Duration of the changes and the concurrent ingest on a busy machine. */
const TEST_MS = 120_000;

let core: TestCore;
let send: ReturnType<typeof sender>;
let browser: Browser;
let parts: { close(): Promise<void> }[] = [];
let ingest: { stop(): Promise<number> };

beforeAll(async () => {
  core = await startTestCore(await createTestDatabase(), {}, { connections: CONNECTIONS });
  await core.ctx.streams.consume(isolating(core.ctx, createIngest(core.ctx)));
  await core.ctx.streams.consume(isolating(core.ctx, createIncidents(core.ctx)));
  parts = [await startPublisher(core.ctx), await startNotifier(core.ctx)];
  send = sender(createApp(core.ctx), ORIGIN);
  browser = browserOf(send);
  const account = { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' };
  expect((await browser.request('POST', '/api/v1/auth/register', { body: account })).status).toBe(201);
  ingest = keepIngesting(await core.addMonitor());
});
afterAll(async () => {
  await ingest.stop();
  for (const part of parts) await part.close();
  await core.close();
});

/** Ingests the edge's results, batch after batch, until stopped; resolves with the number of batches. */
function keepIngesting(monitorId: string): { stop(): Promise<number> } {
  let stopped = false;
  const startMs = Date.now() - 3_600_000;
  const work = (async () => {
    let batches = 0;
    for (; !stopped; batches++) {
      const at = new Date(startMs + batches * 5_000);
      const events = LOCATION_IDS.map((location) => completed(resultAt(monitorId, location, at)));
      const body = JSON.stringify({ v: 1, shard: core.shardId, events });
      const token = await core.edgeToken({ method: 'POST', path: '/edge/v1/events', body });
      const headers = { Authorization: `Bearer ${token}` };
      const answer = await send('POST', '/edge/v1/events', { rawBody: body, headers });
      expect(answer.status, answer.text).toBe(202);
    }
    return batches;
  })();
  return {
    async stop() {
      stopped = true;
      return work;
    },
  };
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

async function all(method: string, requests: readonly (readonly [path: string, body?: unknown])[], status: number) {
  const call = ([path, body]: readonly [string, unknown?]) =>
    browser.request(method, `/api/v1${path}`, body === undefined ? {} : { body });
  const answers = await Promise.all(requests.map(call));
  expect(answers.filter((answer) => answer.status !== status).map((answer) => answer.text)).toEqual([]);
  return answers;
}

const idsOf = (answers: readonly Answer[]): string[] => answers.map((answer) => answer.body.id);

/** Targets of the audit rows of an action. */
async function audited(action: string): Promise<string[]> {
  const rows = await core.ctx.db.execute(sql`SELECT target_id FROM audit_log WHERE action = ${action}`);
  return rows.map((row) => String(row.target_id)).sort();
}

/** Ids of a table's rows made by the API. The core's own monitor for ingest belongs to another organisation. */
async function stored(table: string): Promise<string[]> {
  const rows = await core.ctx.db.execute(
    sql`SELECT id FROM ${sql.identifier(table)} WHERE organization_id <> ${core.organizationId}`,
  );
  return rows.map((row) => String(row.id)).sort();
}

/** Expects that each object was made once and changed once, with exactly one audit row for both. */
async function expectWhole(table: string, ids: readonly string[], actions: readonly string[]): Promise<void> {
  const expected = [...ids].sort();
  expect(new Set(expected).size).toBe(PARALLEL);
  expect(await stored(table)).toEqual(expected);
  for (const action of actions) expect(await audited(action), action).toEqual(expected);
}

const KINDS = [
  {
    table: 'monitors',
    path: '/monitors',
    body: (index: number) => ({ ...MONITOR, name: `Shop ${index}` }),
    actions: ['monitor.create', 'monitor.update'],
    patch: { timeoutMs: 3000 },
  },
  {
    table: 'channels',
    path: '/channels',
    body: (index: number) => ({ ...CHANNEL, name: `Hook ${index}` }),
    actions: ['channel.create', 'channel.update'],
    patch: { name: 'Changed' },
  },
  {
    table: 'status_pages',
    path: '/status-pages',
    body: (index: number, monitors: readonly string[]) => ({
      name: 'Shop',
      slug: `shop-${index}`,
      components: [{ name: 'Shop', monitorId: monitors[index] }],
    }),
    actions: ['status_page.create', 'status_page.update'],
    patch: { description: 'Changed' },
  },
  {
    table: 'alert_rules',
    path: '/alert-rules',
    body: (index: number, monitors: readonly string[]) => ({
      name: 'Twice',
      monitorId: monitors[index],
      condition: { type: 'consecutiveFailures', count: 2 },
    }),
    actions: ['alert_rule.create', 'alert_rule.update'],
    patch: { severity: 'minor' },
  },
] as const;

test(
  'with three connections, 60 creates and 60 patches of each kind at once all succeed beside ingest, and are whole',
  async () => {
    let monitors: string[] = [];
    for (const kind of KINDS) {
      const bodies = times(PARALLEL, (index) => [kind.path, kind.body(index, monitors)] as const);
      const ids = idsOf(await all('POST', bodies, 201));
      if (kind.table === 'monitors') monitors = ids;
      await all(
        'PATCH',
        ids.map((id) => [`${kind.path}/${id}`, kind.patch] as const),
        200,
      );
      await expectWhole(kind.table, ids, kind.actions);
    }
    const [places] = await core.ctx.db.execute(sql`SELECT sum(monitor_count)::int AS taken FROM shards`);
    expect(places?.taken).toBe(PARALLEL);
  },
  TEST_MS,
);

test(
  'the same for incidents that are opened, noted and resolved, and for API keys that are made and revoked',
  async () => {
    const [monitor] = await stored('monitors');
    const opened = times(PARALLEL, (index) => ['/incidents', { title: `Slow ${index}`, monitorId: monitor }] as const);
    const incidents = idsOf(await all('POST', opened, 201));
    const changes = incidents.flatMap(
      (id) =>
        [
          [`/incidents/${id}/notes`, { text: 'Looking' }],
          [`/incidents/${id}/updates`, UPDATE],
        ] as const,
    );
    await all('POST', changes, 201);
    await all(
      'POST',
      incidents.map((id) => [`/incidents/${id}/resolve`] as const),
      200,
    );
    const actions = ['incident.create', 'incident.note', 'incident.update', 'incident.resolve'];
    await expectWhole('incidents', incidents, actions);

    const asked = times(PARALLEL, (index) => ['/api-keys', { name: `ci ${index}`, scopes: ['read'] }] as const);
    const keys = idsOf(await all('POST', asked, 201));
    await expectWhole('api_keys', keys, ['api_key.create']);
    await all(
      'DELETE',
      keys.map((id) => [`/api-keys/${id}`] as const),
      204,
    );
    expect(await stored('api_keys')).toEqual([]);
    expect(await audited('api_key.revoke')).toEqual([...keys].sort());
  },
  TEST_MS,
);

const UPDATE = { status: 'identified', body: 'Found' };

test(
  'what is refused half-way leaves nothing: of 60 pages with one slug there is one, with one audit row',
  async () => {
    const before = await stored('status_pages');
    const [monitor] = await stored('monitors');
    const body = { name: 'Same', slug: 'same', components: [{ name: 'Shop', monitorId: monitor }] };
    const answers = await Promise.all(times(PARALLEL, () => browser.request('POST', '/api/v1/status-pages', { body })));
    const made = answers.filter((answer) => answer.status === 201);
    expect(made).toHaveLength(1);
    expect(answers.filter((answer) => answer.body.code === 'slug_taken')).toHaveLength(PARALLEL - 1);
    const after = await stored('status_pages');
    expect(after.filter((id) => !before.includes(id))).toEqual(idsOf(made));
    expect((await audited('status_page.create')).length).toBe(after.length);
  },
  TEST_MS,
);

test(
  '60 monitors that are deleted at once give their places back',
  async () => {
    const ids = await stored('monitors');
    await all(
      'DELETE',
      ids.map((id) => [`/monitors/${id}`] as const),
      204,
    );
    expect(await audited('monitor.delete')).toEqual(ids);
    const [places] = await core.ctx.db.execute(sql`SELECT sum(monitor_count)::int AS taken FROM shards`);
    expect(places?.taken).toBe(0);
  },
  TEST_MS,
);

test('ingest went on all the time', async () => {
  expect(await ingest.stop()).toBeGreaterThan(0);
});
