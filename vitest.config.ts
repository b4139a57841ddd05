import { defineConfig } from 'vitest/config';

/** One project per suite; `npm test` (tests/run.ts) runs them all and adds them up. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'domain', include: ['domain/**/*.test.ts'] } },
      { test: { name: 'probes', include: ['probes/**/*.test.ts'] } },
      'edge/vitest.config.{ts,mts}',
      {
        test: {
          name: 'core',
          include: ['core/**/*.test.ts', 'db/**/*.test.ts', 'standalone/**/*.test.ts'],
          globalSetup: 'tests/database-server.ts',
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      { test: { name: 'dashboard', include: ['dashboard/**/*.test.{ts,tsx}'] } },
      { test: { name: 'status-pages', include: ['status-pages/**/*.test.{ts,tsx}'] } },
      {
        test: {
          name: 'system',
          include: ['tests/system/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file starts a whole product: two at once would starve each other on two cores.
          fileParallelism: false,
        },
      },
    ],
  },
});
