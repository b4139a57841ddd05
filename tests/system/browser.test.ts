import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOCATIONS } from '#domain/check/location.ts';
import { openBrowser, type TestBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { type Product, start } from '../harness/product.ts';
import { newScene, type Scene } from '../harness/scene.ts';
import { itTellsOfMessagesThatDoNotArrive } from './browser-messages.ts';
import { describeEachPage } from './browser-pages.ts';

const ADA = { email: 'ada@example.com', password: 'a sentence is easy to remember' };
const PHONE = { width: 360, height: 740 };
/** The list loads uptime again after 3 s and 6 s. Its regular refresh comes after a minute, which is too late here. */
const FIRST_UPTIME_WITHIN_MS = 45_000;
/** A webhook is sent at once; the rest is for a busy machine. */
const WEBHOOK_WITHIN_MS = 20_000;
/** Names of events, for programs. */
const EVENT_NAMES = /\b(?:incident|monitor)\.[a-z]+\b/;

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

  // Each test depends on the ones before it. After a failure the others are skipped, because they would only time out.
  let broken = false;
  beforeEach(({ skip }) => skip(broken, 'an earlier step failed'));
  afterEach(({ task }) => {
    broken ||= task.result?.state === 'fail';
  });

  /** The page has no violation of WCAG 2.2 AA, no program's words, and is not wider than the screen. */
  async function expectReachable(page: Page): Promise<void> {
    expect(await browser.violations(page)).toEqual([]);
    expect(await page.locator('body').innerText()).not.toMatch(EVENT_NAMES);
    const [content, window] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [
      number,
      number,
    ];
    expect(content).toBeLessThanOrEqual(window);
  }

  it('creates the first account', async () => {
    await page.goto(dashboard);
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('E-mail').fill(ADA.email);
    await page.getByLabel('Password').fill(ADA.password);
    await browser.screenshot('sign-up');
    await expectReachable(page);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('Nothing is watched yet').waitFor();
    await browser.screenshot('empty');
    await expectReachable(page);
  });

  it('adds a webhook channel', async () => {
    await page.goto(`${dashboard}/channels/new`);
    await page.getByRole('textbox', { name: 'Webhook URL' }).fill(scene.receiver.url);
    await page.getByRole('button', { name: 'Create channel' }).click();
    scene.receiver.secret = await page.getByRole('textbox', { name: 'Signing secret' }).inputValue();
    await browser.screenshot('channel');
  });

  it('adds a monitor with three clicks and a URL, and sees six locations report', async () => {
    await page.goto(`${dashboard}/monitors`);
    await page.getByRole('link', { name: 'Add monitor' }).click();
    // Leaving the empty field inserts its error message, which moves the page. The click must still arrive.
    await page.getByText('Request: method').click();
    await page.getByText('Must be an http:// or https:// URL').waitFor();
    await page.getByRole('combobox', { name: 'Method' }).waitFor();
    await page.getByRole('textbox', { name: 'URL' }).fill(scene.target.url);
    await page.getByRole('button', { name: '5 s', exact: true }).click();
    await page.getByRole('button', { name: 'Create monitor' }).click();
    await page.getByRole('heading', { name: /is up/ }).waitFor();
    const locations = page.getByRole('table', { name: 'Locations' });
    for (const { id } of LOCATIONS) {
      await locations.getByRole('row').filter({ hasText: id }).filter({ hasText: 'as expected' }).waitFor();
    }
    await browser.screenshot('monitor-up');
    await page.getByRole('navigation').getByRole('link', { name: 'Monitors' }).click();
    const uptime = page.getByRole('table', { name: 'Monitors' }).getByRole('cell', { name: '100 %' });
    await uptime.waitFor({ timeout: FIRST_UPTIME_WITHIN_MS });
  });

  it('reads the same uptime in the list and on the page, and since when', async () => {
    const cell = page.getByRole('table', { name: 'Monitors' }).getByRole('cell', { name: '%' });
    const [percent, since] = (await cell.innerText()).split('\n');
    expect(since).toMatch(/^since \d\d:\d\d/);
    await page.getByRole('table', { name: 'Monitors' }).getByRole('link').first().click();
    // Every window begins with the first verdict, so there is one figure when all of them are read.
    await eventually('the same figure', async () => {
      const figures = await page.locator('.figures').innerText();
      if (figures.toLowerCase() !== `${since}\n${percent}`) throw new Error(figures);
      return true;
    });
  });

  it('publishes a status page', async () => {
    await page.goto(`${dashboard}/status-pages/new`);
    await page.getByLabel('Page name').fill('Acme');
    await page.getByRole('button', { name: 'Create status page' }).click();
    await page.getByText('Published', { exact: true }).waitFor();
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
    // The page is not reloaded: the status arrives by WebSocket.
    await page.getByRole('heading', { name: /is down/ }).waitFor();
    const rounds = page.getByRole('table', { name: 'Recent results' });
    const failed = rounds.getByRole('row').filter({ hasText: 'connection refused' }).first();
    await failed.getByRole('button').press('Enter');
    await rounds.getByRole('list').getByText('Singapore').waitFor();
    await browser.screenshot('monitor-down');
    await expectReachable(page);

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
    await expectReachable(reader);
    await reader.close();
  });

  it('sees the repair', async () => {
    await scene.target.revive();
    await page.getByRole('list', { name: 'Timeline' }).getByText('Resolved', { exact: true }).waitFor();
    await browser.screenshot('incident-resolved');
    await page.goto(`${dashboard}/monitors`);
    await page.getByRole('heading', { name: /up/ }).waitFor();
  });

  it('opens an incident by hand, and ends it', async () => {
    await page.goto(`${dashboard}/incidents`);
    await page.getByRole('link', { name: 'Open incident' }).click();
    await page.getByRole('textbox', { name: 'Title' }).fill('Payments fail for some cards');
    await page.getByRole('combobox', { name: 'Monitor' }).selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Open incident' }).click();
    await page.getByRole('heading', { name: 'Payments fail for some cards' }).waitFor();
    await eventually('the webhook', () => scene.receiver.ofType('incident.opened').length === 2, WEBHOOK_WITHIN_MS);
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.getByRole('button', { name: 'Reopen' }).click();
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.getByRole('list', { name: 'Timeline' }).getByText('Resolved', { exact: true }).nth(1).waitFor();
  });

  it('creates an alert rule with a channel and a runbook, and edits it', async () => {
    await page.goto(`${dashboard}/monitors`);
    await page.getByRole('table', { name: 'Monitors' }).getByRole('link').first().click();
    await page.getByRole('button', { name: 'Add alert rule' }).click();
    await page.getByRole('textbox', { name: 'Rule name' }).fill('Page the on-call');
    await page.getByRole('combobox', { name: 'Tells' }).selectOption('chosen');
    await page.getByRole('group', { name: 'Channels' }).getByRole('checkbox').check();
    await page.getByRole('textbox', { name: 'Runbook' }).fill('https://wiki.example/shop');
    await page.getByRole('button', { name: 'Create alert rule' }).click();
    const rule = page.getByRole('list', { name: 'Alert rules' }).getByRole('listitem');
    await rule.getByText(`tells ${new URL(scene.receiver.url).host}`).waitFor();
    await rule.getByRole('button', { name: 'Edit' }).click();
    await rule.getByRole('textbox', { name: 'Rounds down' }).fill('5');
    await rule.getByRole('button', { name: 'Save alert rule' }).click();
    await rule.getByText('after 5 rounds in a row').waitFor();
    expect(await rule.getByRole('link', { name: 'Runbook' }).getAttribute('href')).toBe('https://wiki.example/shop');
  });

  it('tries a change of a monitor before it is saved, without typing the stored token again', async () => {
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    const openRequest = () => page.getByText('Request: method').click();
    await openRequest();
    await page.getByRole('combobox', { name: 'Sign-in' }).selectOption('bearer');
    await page.getByRole('textbox', { name: 'Token' }).fill('secret-token');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await openRequest();
    await page.getByText('Leave it empty to keep the stored one.').waitFor();
    await page.getByRole('button', { name: 'Test now' }).click();
    await page.getByText('All 6 locations succeed.').waitFor();
    await page.getByText('Transcript').first().click();
    await expectReachable(page);
  });

  const signedIn = () => ({ page, browser, dashboard, statusPage, scene, expectReachable });
  itTellsOfMessagesThatDoNotArrive(signedIn);

  describeEachPage(signedIn);

  it('signs out and in again', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await expectReachable(page);
    await page.getByLabel('E-mail').fill(ADA.email);
    await page.getByLabel('Password').fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('table', { name: 'Monitors' }).waitFor();
  });

  it('caused no error on the console of the browser', () => {
    expect(browser.complaints).toEqual([]);
  });

  it('sees since when the data is no longer live', async () => {
    await page.setViewportSize(PHONE);
    await product.killTree();
    await page.getByText('Not live since').waitFor();
    await page.getByRole('table', { name: 'Monitors' }).waitFor();
    await expectReachable(page);
    await browser.screenshot('not-live');
  });
});

/** Reloads the public page until it has the selector. The first load may come from the browser's cache. */
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
