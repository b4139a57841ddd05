import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi } from '#core/api/server.ts';
import { createIncidents } from '#core/incidents/consumer.ts';
import { createIngest } from '#core/ingest/consumer.ts';
import { buildSnapshot } from '#core/publish/snapshots.ts';
import type { LocationId } from '#domain/check/location.ts';
import { pageSnapshotSchema } from '#domain/page/snapshot.ts';
import { ensureBuilt } from '#standalone/build.ts';
import { renderPage } from '#status-pages/page.tsx';
import { type Browser, startTestApp, type TestApp } from './core/test-app.ts';
import { alertEvent, completed, resultAt, roundEvent } from './core/test-core.ts';
import { createTestDatabase } from './database.ts';
import { openBrowser, type TestBrowser } from './harness/browser.ts';
import { eventually } from './harness/eventually.ts';
import { freePort } from './harness/free-port.ts';

/** Tests of the dashboard and of a status page in Chromium, with the built dashboard, the API and PostgreSQL. */

const PHONE = { width: 390, height: 844 };
const MINUTE_MS = 60_000;
/** The first start after a change builds the dashboard, which takes a minute on a slow machine. */
const START_MS = 180_000;

/** Ends a page load that hangs; a machine that is busy with other tests is slow. */
const LOADED_WITHIN_MS = 60_000;

let app: TestApp;
let ada: Browser;
let browser: TestBrowser;
let page: Page;
let server: { close(): Promise<void> };
let origin: string;

beforeAll(async () => {
  await ensureBuilt(['dashboard'], () => {});
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  const apiPort = await freePort();
  origin = `http://localhost:${apiPort}`;
  server = await startApi({ ...app.ctx, config: { ...app.ctx.config, apiPort, publicUrl: origin } });
  browser = await openBrowser();
  browser.context.setDefaultNavigationTimeout(LOADED_WITHIN_MS);
  page = browser.page;
  await page.goto(origin);
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Nothing is watched yet').waitFor();
}, START_MS);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await app?.close();
});

const send = async (method: string, path: string, body?: unknown) => {
  const answer = await ada.request(method, `/api/v1${path}`, body === undefined ? {} : { body });
  if (answer.status >= 400) throw new Error(answer.text);
  return answer.body;
};

async function newMonitor(settings: object = {}): Promise<string> {
  const config = { url: 'https://shop.example/' };
  return (await send('POST', '/monitors', { name: 'Shop', type: 'http', config, ...settings })).id;
}

function ingestResults(monitorId: string, location: LocationId, slotsMs: readonly number[]): Promise<void> {
  const results = slotsMs.map((atMs, n) =>
    completed(resultAt(monitorId, location, new Date(atMs), { responseTimeMs: 40 + (n % 5) })),
  );
  return createIngest(app.ctx).handle(results);
}

describe('the response chart', () => {
  /** 55 slots of a 60 s monitor in the last hour, each 13 s after the border of a chart step. */
  const slots = () => {
    const first = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 55 * MINUTE_MS + 13_000;
    return Array.from({ length: 55 }, (_, n) => first + n * MINUTE_MS);
  };

  /** Lengths of the runs of adjacent canvas columns that have a pixel in the location's colour. */
  async function drawnRuns(location: LocationId): Promise<{ runs: number[]; width: number }> {
    const script = `(() => {
      const canvas = document.querySelector('.chart canvas');
      const probe = document.body.appendChild(document.createElement('span'));
      probe.style.color = 'var(--location-${location})';
      const wanted = getComputedStyle(probe).color.match(/[0-9.]+/g).map(Number);
      probe.remove();
      const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const isWanted = (at) => data[at + 3] > 60 && [0, 1, 2].every((n) => Math.abs(data[at + n] - wanted[n]) < 40);
      const runs = [];
      let length = 0;
      for (let x = 0; x <= width; x++) {
        let found = false;
        for (let y = 0; x < width && y < height && !found; y++) found = isWanted((y * width + x) * 4);
        if (found) length++;
        else if (length > 0) { runs.push(length); length = 0; }
      }
      return { runs, width };
    })()`;
    return (await page.evaluate(script)) as { runs: number[]; width: number };
  }

  async function openChart(monitorId: string): Promise<void> {
    await page.goto(`${origin}/monitors/${monitorId}`);
    await page.locator('.chart canvas').waitFor();
  }

  test('of a monitor with default settings is a line from end to end', async () => {
    const id = await newMonitor();
    await ingestResults(id, 'eu-west', slots());
    await openChart(id);
    await eventually('the line is drawn', async () => {
      const { runs, width } = await drawnRuns('eu-west');
      if (Math.max(0, ...runs) < width * 0.7) throw new Error(`runs of ${runs.join(', ')} of ${width} columns`);
      return true;
    });
    await browser.screenshot('chart-default-monitor');
  });

  test('shows a gap as a gap, and a single result in it as a dot', async () => {
    const id = await newMonitor();
    const all = slots();
    // Ten results, a gap of twenty slots with one result in its middle, and the remaining results.
    await ingestResults(id, 'eu-west', [...all.slice(0, 10), ...all.slice(20, 21), ...all.slice(30)]);
    await openChart(id);
    await eventually('line, dot, line', async () => {
      const { runs } = await drawnRuns('eu-west');
      const [first = 0, dot = 0, last = 0, ...more] = runs;
      if (more.length > 0 || dot === 0 || dot > 20 || first < 50 || last < 200) throw new Error(runs.join(', '));
      return true;
    });
  });

  test('keeps its zoom while results arrive, and shows the whole range on demand', async () => {
    const id = await newMonitor();
    await ingestResults(id, 'eu-west', slots());
    await openChart(id);
    const box = await page.locator('.chart .u-over').boundingBox();
    if (box === null) throw new Error('the chart has no size');
    const at = (share: number) => [box.x + box.width * share, box.y + box.height / 2] as const;
    const timesAt = async () => {
      const times: string[] = [];
      for (const share of [0.1, 0.9]) {
        await page.mouse.move(...at(share));
        times.push((await page.locator('.chart-tip p').first().textContent()) ?? '');
      }
      await page.mouse.move(0, 0);
      return times;
    };
    const whole = await timesAt();
    await page.mouse.move(...at(0.4));
    await page.mouse.down();
    await page.mouse.move(...at(0.6), { steps: 5 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Show the whole range' }).waitFor();
    const zoomed = await timesAt();
    expect(zoomed).not.toEqual(whole);

    // Results of another location arrive by the live stream, and the chart is loaded again with a second line.
    const refreshed = page.waitForResponse((response) => response.url().includes('/series'));
    await ingestResults(id, 'us-east', slots());
    await refreshed;
    await page.getByRole('group', { name: 'Locations in the chart' }).getByText('Virginia').waitFor();
    expect(await timesAt()).toEqual(zoomed);

    await page.getByRole('button', { name: 'Show the whole range' }).click();
    expect(await timesAt()).toEqual(whole);
  });
});

describe('long names without a space', () => {
  const LONG = 'Verylongunbrokenname'.repeat(6).slice(0, 118);

  test('wrap on every page at phone width, and are not cut', async () => {
    const monitorId = await newMonitor({
      name: LONG,
      tags: ['t'.repeat(50)],
      config: { url: `https://${'a'.repeat(60)}.example/${'p'.repeat(120)}` },
    });
    const at = new Date(Math.floor(Date.now() / 1000) * 1000 - 10_000);
    await createIngest(app.ctx).handle([
      completed(
        resultAt(monitorId, 'eu-west', at, { outcome: 'failure', reason: 'status_unexpected', detail: LONG.repeat(2) }),
      ),
      roundEvent(monitorId, 'down', at),
    ]);
    await createIncidents(app.ctx).handle([alertEvent(monitorId, 'firing', at, { summary: LONG })]);
    await send('POST', '/alert-rules', {
      name: LONG,
      monitorId,
      condition: { type: 'consecutiveFailures', count: 1 },
      runbookUrl: `https://wiki.example/${'r'.repeat(100)}`,
    });
    const components = [
      { name: LONG, group: LONG, monitorId },
      { name: LONG, description: LONG },
    ];
    const statusPage = await send('POST', '/status-pages', { name: LONG, slug: 'l'.repeat(63), components });
    const incident = await send('POST', '/incidents', {
      title: LONG,
      summary: LONG,
      pages: [{ pageId: statusPage.id, componentIds: [statusPage.components[1].id] }],
    });
    await send('POST', `/incidents/${incident.id}/updates`, { status: 'identified', body: LONG });
    await send('POST', `/incidents/${incident.id}/notes`, { text: LONG });
    await send('POST', '/api-keys', { name: LONG, scopes: ['read'] });

    await page.setViewportSize(PHONE);
    const wide: string[] = [];
    for (const path of [
      '/monitors',
      `/monitors/${monitorId}`,
      `/monitors/${monitorId}/edit`,
      '/incidents',
      '/incidents/new',
      `/incidents/${incident.id}`,
      '/status-pages',
      `/status-pages/${statusPage.id}`,
      '/api-keys',
    ]) {
      await page.goto(origin + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      for (const fault of await faultsOfWidth()) wide.push(`${path}: ${fault}`);
      await browser.screenshot(`long-${path.split('/').filter(Boolean).slice(0, 3).join('-').slice(0, 40)}`);
    }
    const snapshot = pageSnapshotSchema.parse(await buildSnapshot(app.ctx, 'l'.repeat(63)));
    const html = renderPage(snapshot, Date.now()).replace(/<script>.*?<\/script>/s, '');
    const reader = await browser.context.newPage();
    await reader.setViewportSize(PHONE);
    await reader.setContent(html);
    for (const fault of await faultsOfWidth(reader)) wide.push(`status page: ${fault}`);
    await browser.screenshot('long-status-page', reader);
    await reader.close();
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(wide).toEqual([]);
  });

  test('of an account wrap inside the sidebar', async () => {
    await page.goto(`${origin}/monitors`);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    const right = (selector: string) =>
      page.evaluate<number>(`document.querySelector('${selector}').getBoundingClientRect().right`);
    // The account's name is its e-mail address, which is wider than the place beside the button.
    expect(await right('.account button')).toBeLessThanOrEqual(await right('.sidebar nav'));
    expect(await right('.theme-switch')).toBeLessThanOrEqual(await right('.sidebar nav'));
  });

  /** Faults of width: a page wider than the screen, and texts that are cut or exceed the screen. */
  async function faultsOfWidth(of: Page = page): Promise<string[]> {
    return (await of.evaluate(`(() => {
      const faults = [];
      if (document.documentElement.scrollWidth > innerWidth) faults.push('it is ' + document.documentElement.scrollWidth + ' wide');
      for (const element of document.querySelectorAll('body *')) {
        if (element.closest('.visually-hidden, .hidden, .scroll, input, select, textarea, svg, .skip-link, [hidden]')) continue;
        const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim() !== '');
        if (own.length === 0) continue;
        const range = document.createRange();
        range.setStartBefore(own[0]);
        range.setEndAfter(own[0]);
        const text = range.getBoundingClientRect();
        if (text.width === 0) continue;
        const style = getComputedStyle(element);
        const cut = style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1;
        if (cut || text.right > innerWidth + 1) faults.push(element.tagName + '.' + element.className + ' ' + element.textContent.slice(0, 30));
      }
      return faults;
    })()`)) as string[];
  }
});

describe('a status page', () => {
  test.each(['light', 'dark'] as const)(
    'indents members of a group but not ungrouped components, at desktop and phone width, in %s',
    async (colorScheme) => {
      const days = [{ date: new Date().toISOString().slice(0, 10), uptimePercent: 100, downSeconds: 0 }];
      const at = new Date().toISOString();
      const component = (name: string, group: string | null) => ({
        id: `cmp_${name}`,
        name,
        group,
        description: null,
        monitored: true,
        status: 'up',
        statusSince: at,
        observedAt: at,
        uptimePercent: 100,
        uptimeSince: at,
        days,
        createdAt: at,
      });
      const snapshot = pageSnapshotSchema.parse({
        v: 1,
        slug: 'acme',
        pageId: 'stp_1',
        version: 1,
        name: 'Acme',
        description: null,
        createdAt: at,
        updatedAt: at,
        components: [
          component('Orders', 'API'),
          component('Search', 'API'),
          component('Website', null),
          component('Shop', 'Web'),
        ],
        incidents: [],
      });
      const reader = await browser.context.newPage();
      await reader.emulateMedia({ colorScheme });
      for (const viewport of [{ width: 1280, height: 900 }, PHONE]) {
        await reader.setViewportSize(viewport);
        await reader.setContent(renderPage(snapshot, Date.now()).replace(/<script>.*?<\/script>/s, ''));
        const left = async (name: string) =>
          (await reader.getByRole('heading', { name }).boundingBox())?.x ?? Number.NaN;
        expect(await left('Orders')).toBe(await left('Search'));
        expect(await left('Shop')).toBe(await left('Orders'));
        // An ungrouped component has the same left edge as the headings of groups.
        expect(await left('Website')).toBe(await left('API'));
        expect((await left('Orders')) - (await left('Website'))).toBeGreaterThanOrEqual(8);
        expect(await browser.violations(reader)).toEqual([]);
        await browser.screenshot(`status-page-groups-${viewport.width}-${colorScheme}`, reader);
      }
      await reader.close();
    },
  );
});
