import { afterAll, beforeAll, expect, test } from 'vitest';
import { PAGE_OPEN_INCIDENTS_MAX, PAGE_PAST_INCIDENTS_MAX, pageSnapshotSchema } from '#domain/page/snapshot.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { alertEvent } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createIncidents } from '../incidents/consumer.ts';
import { buildSnapshot } from './snapshots.ts';

/** Which incidents a status page shows, and what becomes of its components: through the API, up to the snapshot. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
let app: TestApp;
let ada: Browser;
let organizationId: string;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase(), { BLACKTIDE_STATUS_URL: 'https://status.example/public/' });
  ada = await app.signUp('ada@example.com');
  organizationId = (await ada.request('GET', '/api/v1/auth/me')).body.organization.id;
});
afterAll(() => app.close());

const send = async (method: string, path: string, body?: unknown) =>
  (await ada.request(method, `/api/v1${path}`, body === undefined ? {} : { body })).body;
const snapshot = async (slug: string) => pageSnapshotSchema.parse(await buildSnapshot(app.ctx, slug));
const shown = async (slug: string) => (await snapshot(slug)).incidents.map(({ title }) => title);
const ago = (ms: number) => new Date(Date.now() - ms);

async function monitorOnPage(slug: string): Promise<{ monitorId: string; pageId: string; componentId: string }> {
  const config = { url: 'https://shop.example/' };
  const monitor = await send('POST', '/monitors', { name: `Shop of ${slug}`, type: 'http', config });
  const components = [{ name: 'Shop', monitorId: monitor.id }];
  const page = await send('POST', '/status-pages', { name: slug, slug, components });
  return { monitorId: monitor.id, pageId: page.id, componentId: page.components[0].id };
}

/** Incidents of a monitor as the years leave them; `number` tells them apart. */
async function incidents(monitorId: string, number: number, startedAt: Date, resolvedAt: Date | null): Promise<void> {
  const status = resolvedAt === null ? 'open' : 'resolved';
  await app.ctx.sql`
    INSERT INTO incidents (id, organization_id, monitor_id, title, summary, status, severity, public_status,
                           started_at, resolved_at, trace_id)
    SELECT 'inc_' || gen_random_uuid(), ${organizationId}, ${monitorId}, ${status} || ' ' || n, '', ${status}, 'major',
           ${resolvedAt === null ? 'investigating' : 'resolved'}, ${startedAt}::timestamptz + n * interval '1 second',
           ${resolvedAt}::timestamptz + n * interval '1 second', 'trace'
    FROM generate_series(1, ${number}) AS n`;
}

test('an open incident stays on its page, however many newer ones have come and gone', async () => {
  const { monitorId } = await monitorOnPage('busy');
  await incidents(monitorId, 1, ago(100 * DAY_MS), null);
  await incidents(monitorId, PAGE_PAST_INCIDENTS_MAX + 10, ago(2 * HOUR_MS), ago(HOUR_MS));
  const page = await snapshot('busy');
  expect(page.incidents).toHaveLength(1 + PAGE_PAST_INCIDENTS_MAX);
  expect(page.incidents.at(-1)?.title).toBe('open 1');
  // The history says from when it is complete: the oldest resolved one that is left.
  const ended = page.incidents.flatMap(({ resolvedAt }) => resolvedAt ?? []).sort();
  expect(page.historySince).toBe(ended[0]);
});

test('of more open incidents than a page can show, the rest are counted', async () => {
  const { monitorId } = await monitorOnPage('burning');
  await incidents(monitorId, PAGE_OPEN_INCIDENTS_MAX, ago(HOUR_MS), null);
  expect(await snapshot('burning')).toMatchObject({ moreOpenIncidents: 0, historySince: null });
  await incidents(monitorId, 3, ago(2 * DAY_MS), null);
  const page = await snapshot('burning');
  expect(page.incidents).toHaveLength(PAGE_OPEN_INCIDENTS_MAX);
  expect(page.moreOpenIncidents).toBe(3);
});

test('an incident that lasted three weeks is in the history until two weeks after its end', async () => {
  const { monitorId } = await monitorOnPage('long');
  await incidents(monitorId, 1, ago(21 * DAY_MS), ago(13 * DAY_MS));
  await incidents(monitorId, 1, ago(40 * DAY_MS), ago(15 * DAY_MS));
  expect((await snapshot('long')).incidents).toHaveLength(1);
});

test('the newest update of each incident is kept, and long stories do not make a page that the edge cannot hold', async () => {
  const { monitorId } = await monitorOnPage('told');
  await incidents(monitorId, 30, ago(HOUR_MS), null);
  await app.ctx.sql`
    INSERT INTO incident_timeline (id, incident_id, kind, at, actor_type, actor_name, text, data)
    SELECT 'evt_' || gen_random_uuid(), i.id, 'update', now() - n * interval '1 second', 'user', 'Ada',
           n || ' ' || repeat('x', 9000), '{"publicStatus": "identified"}'
    FROM incidents i, generate_series(1, 50) AS n WHERE i.monitor_id = ${monitorId}`;
  const page = await snapshot('told');
  for (const { updates } of page.incidents) expect(updates[0]?.body).toMatch(/^1 /);
  expect(JSON.stringify(page).length).toBeLessThan(600_000);
});

test('a deleted monitor that was down leaves no operational component and no missing incident', async () => {
  const { monitorId } = await monitorOnPage('leaving');
  await createIncidents(app.ctx).handle([alertEvent(monitorId, 'firing', ago(60_000))]);
  await incidents(monitorId, 1, ago(2 * DAY_MS), ago(DAY_MS));
  await incidents(monitorId, 1, ago(50 * DAY_MS), ago(40 * DAY_MS));
  expect(await shown('leaving')).toEqual(['Shop is down', 'resolved 1']);
  const version = (await snapshot('leaving')).version;
  expect((await ada.request('DELETE', `/api/v1/monitors/${monitorId}`)).status).toBe(204);
  const page = await snapshot('leaving');
  expect(page.version).toBeGreaterThan(version);
  expect(page.components).toEqual([]);
  expect(page.incidents).toMatchObject([
    { title: 'A service is down', status: 'resolved', resolvedAt: expect.any(String), componentIds: [] },
    { title: 'resolved 1', status: 'resolved' },
  ]);
});

test('names of monitors are on a page only if the page says so, whatever the incident became', async () => {
  const { monitorId, pageId } = await monitorOnPage('private');
  await send('PATCH', `/monitors/${monitorId}`, { name: 'db-7.internal (Oracle, unpatched)' });
  await createIncidents(app.ctx).handle([alertEvent(monitorId, 'firing', ago(60_000))]);
  const [incident] = (await send('GET', `/incidents?monitorId=${monitorId}`)).data;
  expect(incident.title).toContain('db-7.internal');
  await send('POST', `/incidents/${incident.id}/updates`, { status: 'identified', body: 'We know why.' });
  await send('POST', `/incidents/${incident.id}/notes`, { text: 'db-7.internal has no disk left' });
  const whole = async () => JSON.stringify(await snapshot('private'));
  expect(await whole()).not.toContain('db-7');
  expect(await shown('private')).toEqual(['Shop is down']);

  // Two components of the same monitor, and three.
  const components = [
    { name: 'Shop', monitorId },
    { name: 'Cart', monitorId },
  ];
  await send('PATCH', `/status-pages/${pageId}`, { components });
  expect(await shown('private')).toEqual(['Shop and Cart are down']);
  await send('POST', `/status-pages/${pageId}/components`, { name: 'Search', monitorId });
  expect(await shown('private')).toEqual(['Shop and 2 others are down']);

  await send('PATCH', `/status-pages/${pageId}`, { showMonitorNames: true });
  expect(await shown('private')).toEqual(['db-7.internal (Oracle, unpatched) is down']);
  await send('PATCH', `/status-pages/${pageId}`, { showMonitorNames: false });
  await createIncidents(app.ctx).handle([alertEvent(monitorId, 'resolved', ago(30_000))]);
  expect(await whole()).not.toContain('db-7');
  await ada.request('DELETE', `/api/v1/monitors/${monitorId}`);
  expect((await snapshot('private')).incidents).toHaveLength(1);
  expect(await whole()).not.toContain('db-7');
});

test('the words of a person are on the page as they were written', async () => {
  const { monitorId } = await monitorOnPage('written');
  await send('POST', '/incidents', { title: 'Cards are refused at the till', monitorId });
  expect(await shown('written')).toEqual(['Cards are refused at the till']);
});

test('an incident opened by hand without a monitor is shown on the chosen pages, about the chosen components', async () => {
  const components = [{ name: 'Payments' }, { name: 'Search' }];
  const page = await send('POST', '/status-pages', { name: 'Acme', slug: 'acme', components });
  const other = await send('POST', '/status-pages', { name: 'Inside', slug: 'inside', components: [] });
  const pages = [{ pageId: page.id, componentIds: [page.components[0].id] }];
  const opened = await send('POST', '/incidents', { title: 'Cards are refused', severity: 'major', pages });
  expect(await snapshot('acme')).toMatchObject({
    incidents: [{ id: opened.id, componentIds: [page.components[0].id] }],
    components: [
      { name: 'Payments', status: 'down', statusSince: opened.startedAt },
      { name: 'Search', status: 'up' },
    ],
  });
  expect(await shown('inside')).toEqual([]);

  // Public updates reach the page.
  const { version } = await snapshot('acme');
  await send('POST', `/incidents/${opened.id}/updates`, { status: 'identified', body: 'The bank is away.' });
  const updated = await snapshot('acme');
  expect(updated.version).toBeGreaterThan(version);
  expect(updated.incidents[0]?.updates).toMatchObject([{ status: 'identified', body: 'The bank is away.' }]);

  // Moved to another page; both pages are made anew.
  const moved = await send('PUT', `/incidents/${opened.id}/pages`, { pages: [{ pageId: other.id }] });
  expect(moved.pages).toEqual([{ pageId: other.id, componentIds: [] }]);
  expect(moved.timeline.at(-1)).toMatchObject({ kind: 'published', text: 'Published on Inside.' });
  expect(await shown('acme')).toEqual([]);
  expect((await snapshot('acme')).version).toBeGreaterThan(updated.version);
  expect((await snapshot('acme')).components[0]?.status).toBe('up');
  expect(await shown('inside')).toEqual(['Cards are refused']);

  // Resolved, it stays in the history.
  await send('POST', `/incidents/${opened.id}/resolve`);
  expect((await snapshot('inside')).incidents).toMatchObject([{ status: 'resolved' }]);
  await send('PUT', `/incidents/${opened.id}/pages`, { pages: [] });
  expect(await shown('inside')).toEqual([]);
});

test('pages and components that are not there, or are not ours, are refused where they stand', async () => {
  const { monitorId, pageId, componentId } = await monitorOnPage('mine');
  const other = await send('POST', '/status-pages', {
    name: 'Other',
    slug: 'other-page',
    components: [{ name: 'Web' }],
  });
  const eve = await app.signUp('eve@example.com');
  const theirs = (
    await eve.request('POST', '/api/v1/status-pages', { body: { name: 'Eve', slug: 'eve', components: [] } })
  ).body;
  const refused = async (pages: unknown, more: object = {}) => {
    const answer = await send('POST', '/incidents', { title: 'x', pages, ...more });
    return [answer.code, answer.errors?.[0]?.path];
  };
  expect(await refused([{ pageId: theirs.id }])).toEqual(['validation_failed', 'pages.0.pageId']);
  expect(await refused([{ pageId: 'stp_none' }])).toEqual(['validation_failed', 'pages.0.pageId']);
  expect(await refused([{ pageId }, { pageId }])).toEqual(['validation_failed', 'pages.1.pageId']);
  expect(await refused([{ pageId: other.id, componentIds: [componentId] }])).toEqual([
    'validation_failed',
    'pages.0.componentIds.0',
  ]);
  expect(await refused([{ pageId }], { monitorId })).toEqual(['validation_failed', 'pages']);
  const bound = await send('POST', '/incidents', { title: 'Bound', monitorId });
  expect((await send('PUT', `/incidents/${bound.id}/pages`, { pages: [{ pageId }] })).code).toBe('conflict');
  expect((await eve.request('PUT', `/api/v1/incidents/${bound.id}/pages`, { body: { pages: [] } })).status).toBe(404);
  // Nothing of it was opened.
  const { data } = await send('GET', '/incidents?limit=200');
  expect(data.filter(({ title }: { title: string }) => title === 'x')).toEqual([]);
});

test('a page says where people reach it', async () => {
  const page = await send('POST', '/status-pages', { name: 'Linked', slug: 'linked', components: [] });
  expect((await snapshot('linked')).url).toBe('https://status.example/public/status/linked');
  expect(page.url).toBe('https://status.example/public/status/linked');
});
