import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { inUnit } from '#core/unit-of-work.ts';
import { pageSnapshotSchema } from '#domain/page/snapshot.ts';
import { assignmentSchema, directorySchema } from '#domain/wire/wire.ts';
import { alertEvent, roundEvent, startTestCore, statusEvent, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { createApp } from '../api/app.ts';
import { changeIncident } from '../incidents/change.ts';
import { createIncidents } from '../incidents/consumer.ts';
import { createIngest } from '../ingest/consumer.ts';
import { buildAssignment } from './assignments.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import { claimRequests } from './queue.ts';
import { requestAssignment, requestPage, requestPageRemoval, requestStalePages } from './request.ts';
import { buildSnapshot } from './snapshots.ts';

const DAY_MS = 86_400_000;

let core: TestCore;
let publisher: Publisher | undefined;
beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
});
afterAll(() => core.close());
afterEach(async () => {
  await publisher?.close();
  publisher = undefined;
  core.edge.away = false;
  await core.ctx.sql`DELETE FROM publish_queue`;
});

const start = async () => {
  publisher = await startPublisher(core.ctx);
};
const request = (work: (tx: Parameters<typeof requestPage>[0]) => Promise<void>) => core.ctx.db.transaction(work);
const queue = () => core.ctx.sql`SELECT kind, key, attempts, last_error FROM publish_queue ORDER BY kind`;
const drained = () => eventually('the queue is empty', async () => (await queue()).length === 0);
const pagesOf = (slug: string) => core.edge.pages.filter((page) => page.slug === slug);
const secondsAgo = (seconds: number) => new Date(Math.floor(Date.now() / 1000 - seconds) * 1000);

test('an assignment is what the shard needs: configuration with its secret, rules, components', async () => {
  const monitor = await core.addMonitor({ quorum: 2 });
  await core.addPage('assigned', [monitor]);
  await start();
  await request((tx) => requestAssignment(tx, core.shardId));
  await drained();
  const assignment = assignmentSchema.parse(core.edge.assignments.at(-1));
  expect(assignment.version).toBe(2);
  expect(assignment.monitors.find((one) => one.id === monitor)).toMatchObject({
    name: 'api.example',
    quorum: 2,
    config: { url: 'https://api.example/', auth: { type: 'bearer', token: 'hidden' } },
    rules: [{ severity: 'critical', condition: { type: 'consecutiveFailures', count: 1 }, recoveryCount: 1 }],
    components: [{ slug: 'assigned', componentId: expect.stringMatching(/^cmp_/) }],
  });
  const [shard] = await core.ctx.sql`SELECT published_version::int AS v FROM shards WHERE id = ${core.shardId}`;
  expect(shard?.v).toBe(2);
});

test('a stored monitor that cannot be read any more keeps no other of its shard from the edge', async () => {
  const [fine, older, sealed, ruled] = [
    await core.addMonitor(),
    await core.addMonitor(),
    await core.addMonitor(),
    await core.addMonitor(),
  ];
  const { sql } = core.ctx;
  // A URL with credentials, a secret sealed with another key, and a rule of an older schema.
  await sql`UPDATE monitors SET config = jsonb_set(config, '{url}', '"HTTPS://a:b@api.example/"') WHERE id = ${older}`;
  await sql`UPDATE monitors SET auth_sealed = 'nonsense' WHERE id = ${sealed}`;
  await sql`
    INSERT INTO alert_rules (id, organization_id, monitor_id, name, condition, severity, recovery_count, notify_on_recovery)
    VALUES ('rul_old', ${core.organizationId}, ${ruled}, 'old', '{"type": "guess"}', 'critical', 1, true)`;
  const errors: unknown[] = [];
  const logger = Object.create(core.ctx.logger, { error: { value: (fields: object) => errors.push(fields) } });
  const assignment = await buildAssignment({ ...core.ctx, logger }, core.shardId);
  const sent = new Map(assignment?.monitors.map((one) => [(one as { id: string }).id, one]));
  expect(assignmentSchema.shape.monitors.element.parse(sent.get(fine))).toMatchObject({ id: fine });
  // The id alone: the monitor is still the shard's and not deleted, but cannot be checked.
  for (const id of [older, sealed, ruled]) expect(sent.get(id)).toEqual({ id });
  expect(errors).toMatchObject([older, sealed, ruled].map((monitorId) => ({ monitorId, shard: core.shardId })));
  await sql`DELETE FROM monitors WHERE id = ANY(${[older, sealed, ruled]})`;
});

test('a change that is rolled back is not published', async () => {
  const undone = request(async (tx) => {
    await requestAssignment(tx, core.shardId);
    throw new Error('rolled back');
  });
  await expect(undone).rejects.toThrow('rolled back');
  expect(await queue()).toHaveLength(0);
});

test('an edge that is away is told when it is back, and the reason can be seen meanwhile', async () => {
  core.edge.away = true;
  await start();
  await request((tx) => requestAssignment(tx, core.shardId));
  const sent = core.edge.assignments.length;
  await eventually('it failed', async () => (await queue()).at(0)?.attempts > 0);
  expect(await queue()).toMatchObject([{ kind: 'assignment', last_error: 'The edge is away.' }]);
  core.edge.away = false;
  await drained();
  expect(core.edge.assignments.length).toBe(sent + 1);
});

test('a request made while the last one is being sent is sent too', async () => {
  const id = await core.addPage('busy', []);
  const edge = { ...core.edge };
  let release = () => {};
  let sending = 0;
  const versions: number[] = [];
  edge.putPage = async (_slug, body) => {
    versions.push((body as { version: number }).version);
    if (sending++ === 0)
      await new Promise<void>((resolve) => {
        release = resolve;
      });
  };
  publisher = await startPublisher({ ...core.ctx, edge });
  await request((tx) => requestPage(tx, id));
  await eventually('it is being sent', () => sending === 1);
  await request((tx) => requestPage(tx, id));
  release();
  await drained();
  expect(versions).toEqual([2, 3]);
});

test('several processes share the queue, and the lease of one that died ends', async () => {
  await request((tx) => requestAssignment(tx, core.shardId));
  const claims = await Promise.all([1, 2, 3].map(() => claimRequests(core.ctx.sql, 5)));
  expect(claims.flat()).toHaveLength(1);
  expect(await claimRequests(core.ctx.sql, 5)).toEqual([]);
  await core.ctx.sql`UPDATE publish_queue SET leased_until = now() - interval '1 second'`;
  await start();
  await drained();
});

test('a page whose slug was taken from another is sent after the removal', async () => {
  const id = await core.addPage('moved', []);
  core.edge.away = true;
  await request(async (tx) => {
    await requestPageRemoval(tx, 'moved');
    await requestPage(tx, id);
  });
  expect((await claimRequests(core.ctx.sql, 5)).map((claimed) => claimed.kind)).toEqual(['page_removed']);
  await core.ctx.sql`UPDATE publish_queue SET leased_until = NULL`;
  core.edge.away = false;
  await start();
  await drained();
  expect(core.edge.removed).toContain('moved');
  expect(pagesOf('moved')).toHaveLength(1);
});

test('a snapshot says how components are, how the last days were, and which incidents there are', async () => {
  const monitor = await core.addMonitor({ locations: ['eu-west'] });
  await core.addPage('shop', [monitor]);
  await start();
  const ingest = createIngest(core.ctx);
  await ingest.handle([
    roundEvent(monitor, 'up', secondsAgo(15)),
    roundEvent(monitor, 'down', secondsAgo(10)),
    statusEvent(monitor, 'down', 'up', secondsAgo(10)),
  ]);
  await createIncidents(core.ctx).handle([alertEvent(monitor, 'firing', secondsAgo(10))]);
  const [incident] = await core.ctx.sql`SELECT id FROM incidents WHERE monitor_id = ${monitor}`;
  const update = { type: 'update', status: 'identified', body: 'We found it.' } as const;
  await inUnit(core.ctx, (unit) => changeIncident(unit, incident?.id, update, { type: 'user', id: null, name: 'Ada' }));
  await drained();
  const snapshot = pageSnapshotSchema.parse(pagesOf('shop').at(-1));
  const [component] = snapshot.components;
  expect(component).toMatchObject({ name: 'Component 0', monitored: true, status: 'down', uptimePercent: 50 });
  expect(component?.days).toHaveLength(90);
  expect(component?.days[0]).toMatchObject({ uptimePercent: null, downSeconds: 0 });
  expect(snapshot.incidents).toMatchObject([
    {
      id: incident?.id,
      title: 'Component 0 is down',
      status: 'identified',
      componentIds: [component?.id],
      updates: [{ status: 'identified', body: 'We found it.' }],
    },
  ]);
});

test('the bars of a page are read from days, and from the hours of today', async () => {
  const monitor = await core.addMonitor();
  await core.addPage('bars', [monitor]);
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const stored = Array.from({ length: 91 }, (_, n) => new Date(today - n * DAY_MS).toISOString());
  await core.ctx.sql`
    INSERT INTO rollups_daily (monitor_id, day, up, down, up_seconds, down_seconds)
    SELECT ${monitor}, day, 720, 720, 43200, 43200 FROM unnest(${stored}::timestamptz[]) AS day`;
  // The current day is not complete, so its hours are read, which have no round except the one of just now.
  await createIngest(core.ctx).handle([roundEvent(monitor, 'up', new Date(Math.max(today, Date.now() - 6_000)))]);
  const [component] = (await buildSnapshot(core.ctx, 'bars'))?.components ?? [];
  expect(component?.days.map(({ uptimePercent }) => uptimePercent)).toEqual([...Array(89).fill(50), 100]);
});

test('versions only grow, whoever asks', async () => {
  const id = await core.addPage('growing', []);
  await Promise.all(Array.from({ length: 5 }, () => request((tx) => requestPage(tx, id))));
  await start();
  await drained();
  await request((tx) => requestPage(tx, id));
  await drained();
  const versions = pagesOf('growing').map((page) => page.version);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  expect(versions.at(-1)).toBe(7);
});

test('a page is made anew when its bars have not moved for a while', async () => {
  await core.addPage('resting', []);
  await request((tx) => requestStalePages(tx, new Date(Date.now() - 60_000)));
  expect((await queue()).filter((row) => row.key === 'resting')).toEqual([]);
  await core.ctx.sql`UPDATE status_pages SET published_at = now() - interval '6 minutes' WHERE slug = 'resting'`;
  await start();
  await eventually('it is sent', () => pagesOf('resting').length === 1);
});

test('the edge reads the directory, assignments and pages with a token of its own', async () => {
  const app = createApp(core.ctx);
  const get = async (path: string) => {
    const token = await core.edgeToken({ method: 'GET', path, body: '' });
    return app.request(path, { headers: { Authorization: `Bearer ${token}` } });
  };
  const directory = directorySchema.parse(await (await get('/edge/v1/directory')).json());
  expect(directory.shards).toContainEqual({ shard: core.shardId, version: expect.any(Number) });
  expect(directory.pages).toContainEqual({ slug: 'growing', version: 7 });
  const assignment = await get(`/edge/v1/shards/${core.shardId}/assignment`);
  expect(assignmentSchema.safeParse(await assignment.json()).error).toBeUndefined();
  const page = await get('/edge/v1/pages/growing');
  expect(pageSnapshotSchema.safeParse(await page.json()).error).toBeUndefined();
  expect((await get('/edge/v1/pages/nobody')).status).toBe(404);
  expect((await get('/edge/v1/shards/shd_none/assignment')).status).toBe(404);
  expect((await app.request('/edge/v1/directory')).status).toBe(401);
});
