import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { PROGRESS_FILE, ProgressReporter } from './tests/progress-reporter.ts';

/** A limit ends a hang; it says nothing about speed: machines differ by several times. */
const LIMITS = { testTimeout: 60_000, hookTimeout: 60_000 };

/** Files of these suites wait for servers more than they work: on two cores vitest would run one at a time. */
const WAITING_FILES = 2;

/** For tests/run.ts. */
const progress = process.env[PROGRESS_FILE];

/** One project per suite; `npm test` (tests/run.ts) runs them all and adds them up. */
export default defineConfig({
  test: {
    ...(progress === undefined ? {} : { reporters: ['default', 'json', new ProgressReporter(progress)] }),
    projects: [
      { test: { name: 'domain', include: ['domain/**/*.test.ts'], ...LIMITS } },
      { test: { name: 'probes', include: ['probes/**/*.test.ts'], ...LIMITS } },
      'edge/vitest.config.{ts,mts}',
      {
        test: {
          name: 'core',
          include: [
            '{core,db,simulation,standalone,bench}/**/*.test.ts',
            'tests/*.test.ts',
            'tests/harness/**/*.test.ts',
          ],
          globalSetup: 'tests/database-server.ts',
          maxWorkers: Math.max(WAITING_FILES, availableParallelism() - 1),
          ...LIMITS,
        },
      },
      { test: { name: 'dashboard', include: ['dashboard/**/*.test.{ts,tsx}'], ...LIMITS } },
      { test: { name: 'status-pages', include: ['status-pages/**/*.test.{ts,tsx}'], ...LIMITS } },
      {
        test: {
          name: 'system',
          include: ['tests/system/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file starts a whole product: more at once would starve each other on two cores.
          maxWorkers: WAITING_FILES,
        },
      },
    ],
  },
});
