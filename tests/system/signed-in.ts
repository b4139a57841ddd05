import type { Page } from 'playwright-core';
import type { TestBrowser } from '../harness/browser.ts';
import type { Scene } from '../harness/scene.ts';

/** The browser of browser.test.ts, for its steps in other files. */
export interface SignedIn {
  readonly page: Page;
  readonly browser: TestBrowser;
  readonly dashboard: string;
  /** Address of the published page. */
  readonly statusPage: string;
  readonly scene: Scene;
  /** Fails when the page as it is shuts somebody out. */
  expectReachable(page: Page): Promise<void>;
}
