import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { SignedIn } from './signed-in.ts';

const DESK = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

/** Steps of browser.test.ts: every page, and what opens on it, at a desk in light and on a phone in dark. */
export function describeEachPage(signedIn: () => SignedIn): void {
  describe('with each page', () => {
    let reader: Page;
    beforeAll(async () => {
      reader = await signedIn().browser.context.newPage();
    });
    afterAll(() => reader?.close());

    // A star stands for the first of the list before it.
    it.each([
      '/monitors',
      '/monitors/new',
      '/monitors/*',
      '/monitors/*/edit',
      '/incidents',
      '/incidents/new',
      '/incidents/*',
      '/channels',
      '/channels/new',
      '/channels/*',
      '/channels/*/edit',
      '/status-pages',
      '/status-pages/new',
      '/status-pages/*',
      '/locations',
      '/api-keys',
      '/account',
      '/account',
      '/no-such-page',
      '/status/acme',
    ])('can work on %s, at a desk in light and on a phone in dark', async (path) => {
      const { browser, dashboard, statusPage, expectReachable } = signedIn();
      await reader.goto(path === '/status/acme' ? statusPage : dashboard + (await withIds(path)));
      await reader.getByRole('heading', { level: 1 }).waitFor();
      await reader.locator('.skeleton').first().waitFor({ state: 'detached' });
      for (const [viewport, colorScheme] of [
        [DESK, 'light'],
        [PHONE, 'dark'],
      ] as const) {
        await reader.setViewportSize(viewport);
        await reader.emulateMedia({ colorScheme });
        await expectReachable(reader);
        const name = path.slice(1).replaceAll('/*', '-one').replaceAll('/', '-');
        await browser.screenshot(`${name}-${viewport.width}-${colorScheme}`, reader);
      }
    });

    it('can work with what opens on a page: tables, dialogs, forms and their errors', async () => {
      const { dashboard, expectReachable } = signedIn();
      await reader.goto(dashboard + (await withIds('/monitors/*')));
      await reader.getByText('Numbers as a table').click();
      await reader.getByRole('table', { name: 'Response times' }).waitFor();
      await reader.getByRole('button', { name: 'Add alert rule' }).click();
      await reader.getByRole('button', { name: 'Create alert rule' }).click();
      await reader.getByText('Fill this in.').first().waitFor();
      await expectReachable(reader);
      await reader.getByRole('button', { name: 'Delete', exact: true }).click();
      await reader.getByRole('dialog').waitFor();
      await expectReachable(reader);
    });

    async function withIds(path: string): Promise<string> {
      const [list, rest] = path.split('/*');
      if (rest === undefined) return path;
      await reader.goto(signedIn().dashboard + list);
      const first = reader.getByRole('main').getByRole('table').getByRole('link').first();
      return `${await first.getAttribute('href')}${rest}`;
    }
  });
}
