import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findProgram } from '../programs.ts';
import { ARTIFACTS } from './product.ts';

/** Flags that keep Chromium's own services from the internet. Its sandbox does not run as root. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** A live update comes within two rounds (10 s); the rest is for a busy machine. */
const EXPECT_TIMEOUT_MS = 20_000;

export interface TestBrowser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors on the browser's console and uncaught exceptions, of all pages of the context. */
  readonly complaints: string[];
  /** Saves tests/.artifacts/{name}.png of the whole page. */
  screenshot(name: string, page?: Page): Promise<void>;
  /** Violations of WCAG 2.2 AA that axe finds on the page in its present state, one line each. */
  violations(page: Page): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts the installed Chromium with an empty profile. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = findProgram('chromium');
  if (executablePath === null)
    throw new Error('Chromium is not installed: npm test installs it, or says what to install.');
  const browser: Browser = await chromium.launch({ executablePath, args: FLAGS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(EXPECT_TIMEOUT_MS);
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error' && !isQuestion(message.location().url)) {
      complaints.push(`${message.text()} (${message.location().url})`);
    }
  });
  context.on('weberror', (error) => complaints.push(error.error().message));
  mkdirSync(ARTIFACTS, { recursive: true });
  return {
    context,
    page: await context.newPage(),
    complaints,
    screenshot: async (name, page) => {
      const shot = page ?? context.pages()[0];
      await shot?.screenshot({ path: join(ARTIFACTS, `${name}.png`), fullPage: true });
    },
    violations,
    close: () => browser.close(),
  };
}

const WCAG_AA = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];

/** Runs axe through the debugger: the pages' content security policies would block an injected script. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`window.axe === undefined && (() => { ${axe.source} })()`);
  const run = `axe.run({ runOnly: ${JSON.stringify(WCAG_AA)}, resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(': '))))`;
  return (await page.evaluate(run)) as string[];
}

/**
 * Whether the URL asks for the session. Before the sign-in the answer is 401, which the browser reports as an error.
 */
function isQuestion(url: string): boolean {
  return /\/api\/v1\/auth\/(me|refresh)$/.test(url);
}
