import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findProgram } from '../programs.ts';
import { ARTIFACTS } from './product.ts';

/** Chromium's own services would try to reach the internet; the sandbox does not run as root. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Live updates come within a round or two. */
const EXPECT_TIMEOUT_MS = 20_000;

export interface TestBrowser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about, on any page of the context. */
  readonly complaints: string[];
  /** Saves tests/.artifacts/{name}.png of the whole page. */
  screenshot(name: string, page?: Page): Promise<void>;
  close(): Promise<void>;
}

/** Debian's Chromium with one empty profile. */
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
    close: () => browser.close(),
  };
}

/** "Am I signed in?" is answered with 401 before the first sign-in, which the browser reports as an error. */
function isQuestion(url: string): boolean {
  return /\/api\/v1\/auth\/(me|refresh)$/.test(url);
}
