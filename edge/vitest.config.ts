import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { buildSync } from 'esbuild';
import { defineConfig } from 'vitest/config';
import { LOCATION_IDS } from '#domain/check/location.ts';

/** Suite `edge`: inside workerd, with the coordinator's real bindings and the six real probe Workers beside it. */
const ROOT = join(import.meta.dirname, '..');
/** As in wrangler.toml. */
const COMPATIBILITY_DATE = '2026-10-01';
const COMPATIBILITY_FLAGS = ['global_fetch_strictly_public'];

export default defineConfig({
  root: ROOT,
  plugins: [
    cloudflareTest(({ inject }) => {
      const world = inject('world');
      return {
        wrangler: { configPath: join(ROOT, 'wrangler.toml'), environment: 'coordinator' },
        // With `verbose`, workerd prints the stack of every object that a test kills.
        verbose: false,
        miniflare: {
          bindings: {
            CORE_URL: world.coreUrl,
            CORE_PUBLIC_JWK: world.corePublicJwk,
            EDGE_PRIVATE_JWK: world.edgePrivateJwk,
          },
          workers: LOCATION_IDS.map(probeWorker),
        },
      };
    }),
    {
      name: 'no-console-interception',
      // tests/edge/kept-console.ts has the reason. vitest has no setting for this that applies to one project only.
      configureVitest: ({ project }) => {
        project.config.disableConsoleIntercept = true;
      },
    },
  ],
  test: {
    name: 'edge',
    include: ['edge/**/*.test.ts'],
    globalSetup: 'tests/edge/world.ts',
    setupFiles: ['tests/edge/kept-console.ts', 'tests/edge/stop-shards.ts'],
    testTimeout: 60_000,
    hookTimeout: 20_000,
  },
});

const probeScript = buildSync({
  absWorkingDir: ROOT,
  entryPoints: ['edge/probe-worker.ts'],
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2024',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*', 'node:*'],
}).outputFiles[0]?.text;

function probeWorker(location: string) {
  return {
    name: `blacktide-probe-${location}`,
    modules: true,
    script: probeScript ?? '',
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: COMPATIBILITY_FLAGS,
    bindings: { LOCATION: location, ALLOW_PRIVATE_TARGETS: 'true' },
  };
}
