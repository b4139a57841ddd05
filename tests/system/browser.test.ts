import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOCATIONS } from '#domain/location.ts';
import { openBrowser, type TestBrowser } from '../harness/browser.ts';
import { type Product, start } from '../harness/product.ts';
import { newScene, type Scene } from '../harness/scene.ts';

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };

describe('a new user in a browser', () => {
  let scene: Scene;
  let product: Product;
  let browser: TestBrowser;
  let page: Page;
  let dashboard: string;
  let statusPage: string;

  beforeAll(async () => {
    scene = await newScene();
    product = await start(scene.installation);
    browser = await openBrowser();
    page = browser.page;
    dashboard = `http://localhost:${scene.installation.apiPort}`;
    statusPage = `http://localhost:${scene.installation.edgePort}/status/acme`;
  });
  afterAll(async () => {
    await browser?.close();
    await product?.killTree();
    await scene?.close();
  });

  // One story: when a step fails, the next ones would only wait.
  let broken = false;
  beforeEach(({ skip }) => skip(broken, 'an earlier step failed'));
  afterEach(({ task }) => {
    broken ||= task.result?.state === 'fail';
  });

  it('creates the first account', async () => {
    await page.goto(dashboard);
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password').fill('a sentence is easy to remember');
    await browser.screenshot('sign-up');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('Nothing is watched yet').waitFor();
    await browser.screenshot('empty');
  });

  it('is told by a webhook that it adds', async () => {
    await page.goto(`${dashboard}/channels/new`);
    await page.getByRole('textbox', { name: 'Webhook URL' }).fill(scene.receiver.url);
    await page.getByRole('button', { name: 'Create channel' }).click();
    scene.receiver.secret = await page.getByRole('textbox', { name: 'Signing secret' }).inputValue();
    await browser.screenshot('channel');
  });

  it('adds a monitor with three clicks and a URL, and sees six locations report', async () => {
    await page.goto(`${dashboard}/monitors`);
    await page.getByRole('link', { name: 'Add monitor' }).click();
    await page.getByRole('textbox', { name: 'URL' }).fill(scene.target.url);
    await page.getByRole('button', { name: '5 s', exact: true }).click();
    await page.getByRole('button', { name: 'Create monitor' }).click();
    await page.getByRole('heading', { name: /is up/ }).waitFor();
    const locations = page.getByRole('table', { name: 'Locations' });
    for (const { id } of LOCATIONS) {
      await locations.getByRole('row').filter({ hasText: id }).filter({ hasText: 'as expected' }).waitFor();
    }
    await browser.screenshot('monitor-up');
  });

  it('publishes a status page', async () => {
    await page.goto(`${dashboard}/status-pages/new`);
    await page.getByLabel('Page name').fill('Acme');
    await page.getByRole('button', { name: 'Create status page' }).click();
    await page.waitForURL(/status-pages\/stp_/);
    await browser.screenshot('status-page-editor');
    const reader = await browser.context.newPage();
    await untilPage(reader, statusPage, '.answer.up');
    await browser.screenshot('status-up', reader);
    await reader.close();
  });

  it('sees the outage: monitor, incident with its timeline, red status page', async () => {
    await page.goto(`${dashboard}/monitors`);
    await page.getByRole('table', { name: 'Monitors' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: /is up/ }).waitFor();
    await scene.target.die();
    // No reload: the news comes by WebSocket.
    await page.getByRole('heading', { name: /is down/ }).waitFor();
    await browser.screenshot('monitor-down');

    await page.goto(`${dashboard}/incidents`);
    await page.getByRole('main').getByRole('table').getByRole('link').first().click();
    const timeline = page.getByRole('list', { name: 'Timeline' });
    await timeline.getByText('Opened', { exact: true }).waitFor();
    await timeline.getByText('Notification', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await timeline.getByText('Acknowledged', { exact: true }).waitFor();
    await browser.screenshot('incident');
    expect(scene.receiver.ofType('incident.opened')).toHaveLength(1);

    const reader = await browser.context.newPage();
    await untilPage(reader, statusPage, '.answer.down');
    await browser.screenshot('status-down', reader);
    await reader.close();
  });

  it('sees the repair', async () => {
    await scene.target.revive();
    await page.getByRole('list', { name: 'Timeline' }).getByText('Resolved', { exact: true }).waitFor();
    await browser.screenshot('incident-resolved');
    await page.goto(`${dashboard}/monitors`);
    await page.getByRole('heading', { name: /up/ }).waitFor();
  });

  it.each([
    ['a desk, dark', DESK, 'dark'],
    ['a phone', PHONE, 'light'],
    ['a phone, dark', PHONE, 'dark'],
  ] as const)('fits on %s', async (what, viewport, colorScheme) => {
    const name = what.replaceAll(/\W+/g, '-');
    const reader = await browser.context.newPage();
    await reader.setViewportSize(viewport);
    await reader.emulateMedia({ colorScheme });
    await reader.goto(`${dashboard}/monitors`);
    await reader.getByRole('table', { name: 'Monitors' }).waitFor();
    await expectNoOverflow(reader);
    await browser.screenshot(`monitors-${name}`, reader);
    await reader.getByRole('table', { name: 'Monitors' }).getByRole('link').first().click();
    await reader.getByRole('table', { name: 'Locations' }).waitFor();
    await expectNoOverflow(reader);
    await browser.screenshot(`monitor-${name}`, reader);
    await untilPage(reader, statusPage, '.answer.up');
    await expectNoOverflow(reader);
    await browser.screenshot(`status-${name}`, reader);
    await reader.close();
  });

  it('never met an error in the browser', () => {
    expect(browser.complaints).toEqual([]);
  });
});

/** Reloads until the public page shows it, as a reader does: a page just opened may come from the browser's cache. */
async function untilPage(page: Page, url: string, selector: string): Promise<void> {
  await page.goto(url);
  for (let attempt = 0; ; attempt += 1) {
    const shown = page.locator(selector).first();
    if (await shown.isVisible()) return;
    if (attempt === 100) throw new Error(`${url} never showed ${selector}`);
    await page.waitForTimeout(200);
    await page.reload();
  }
}

async function expectNoOverflow(page: Page): Promise<void> {
  const [content, window] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [
    number,
    number,
  ];
  expect(content).toBeLessThanOrEqual(window);
}
