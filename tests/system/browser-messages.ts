import type { Page } from 'playwright-core';
import { it } from 'vitest';
import type { SignedIn } from './signed-in.ts';

/** Steps of browser.test.ts: what a person sees of messages that do not arrive. */
export function itTellsOfMessagesThatDoNotArrive(signedIn: () => SignedIn): void {
  it('says that a channel refuses, since when and why, without a reload', async () => {
    const { page, browser, dashboard, scene, expectReachable } = signedIn();
    scene.target.behave((request, response) => {
      response.writeHead(request.url === '/refusing' ? 500 : 200).end('ok');
    });
    await page.goto(`${dashboard}/channels/new`);
    await page.getByRole('textbox', { name: 'Webhook URL' }).fill(`${scene.target.url}refusing`);
    await page.getByRole('textbox', { name: 'Channel name' }).fill('Pager');
    await page.getByRole('button', { name: 'Create channel' }).click();
    await page.getByRole('link', { name: 'Go on to test it' }).click();
    await page.getByRole('button', { name: 'Send test' }).click();
    await page
      .getByRole('status')
      .getByText(/^Refuses since .+: HTTP 500\.$/)
      .waitFor();
    await page.getByRole('table', { name: 'Deliveries' }).getByText('Failed, trying again').waitFor();
    await expectReachable(page);
    await browser.screenshot('channel-refuses');
    await page.getByRole('navigation').getByRole('link', { name: 'Channels' }).click();
    await page.getByRole('heading', { name: '1 channel refuses messages' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'Pager' }).getByText('Refuses since').waitFor();
    await expectReachable(page);
  });

  it('says that an incident reached nobody, and why', async () => {
    const { page, browser, dashboard, expectReachable } = signedIn();
    await switchChannels(page, dashboard, false);
    await page.goto(`${dashboard}/incidents/new`);
    await page.getByRole('textbox', { name: 'Title' }).fill('Nobody hears of this');
    await page.getByRole('button', { name: 'Open incident' }).click();
    const notice = page.getByRole('status').filter({ hasText: 'This incident reached nobody' });
    await notice.getByText('every channel that is to be told is switched off').waitFor();
    await expectReachable(page);
    await browser.screenshot('incident-nobody');
    await page.getByRole('button', { name: 'Resolve' }).click();
    await switchChannels(page, dashboard, true);
  });
}

async function switchChannels(page: Page, dashboard: string, on: boolean): Promise<void> {
  await page.goto(`${dashboard}/channels`);
  const links = page.getByRole('table', { name: 'Channels' }).getByRole('link');
  await links.first().waitFor();
  const paths = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
  for (const path of paths) {
    await page.goto(dashboard + path);
    // The box follows the answer, not the click.
    await page.getByRole('checkbox', { name: 'Switched on', checked: !on }).click();
    await page.getByRole('checkbox', { name: 'Switched on', checked: on }).waitFor();
  }
}
