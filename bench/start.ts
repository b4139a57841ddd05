import { eventually } from '#tests/harness/eventually.ts';
import { newInstallation, type Product, start } from '#tests/harness/product.ts';
import { type Findings, percentile } from './figures.ts';
import type { BenchOptions } from './options.ts';

/** Most trials; each starts the product twice. */
const TRIALS_MAX = 10;
const END_TIMEOUT_MS = 30_000;

/**
 * Measures the time from `npm start` to "BlackTide is up", with everything built, on an empty data directory and on the
 * same one again; and the time from Ctrl-C to the end.
 */
export async function startAndEnd(options: BenchOptions): Promise<Findings> {
  const trials = Math.min(options.trials, TRIALS_MAX);
  const [firstMs, secondMs, endMs]: [number[], number[], number[]] = [[], [], []];
  for (let trial = 1; trial <= trials; trial += 1) {
    const installation = await newInstallation();
    for (const startMs of [firstMs, secondMs]) {
      const from = Date.now();
      const product = await start(installation, { throughNpm: true });
      startMs.push(Date.now() - from);
      endMs.push(await end(product));
    }
    installation.remove();
  }
  return {
    figures: {
      trials,
      firstStartMedianMs: percentile(firstMs, 50),
      firstStartMaxMs: percentile(firstMs, 100),
      secondStartMedianMs: percentile(secondMs, 50),
      secondStartMaxMs: percentile(secondMs, 100),
      endMedianMs: percentile(endMs, 50),
      endMaxMs: percentile(endMs, 100),
    },
  };
}

/** Ctrl-C in a terminal reaches npm and everything it started. */
async function end(product: Product): Promise<number> {
  const from = Date.now();
  process.kill(-product.pid, 'SIGINT');
  let ended = false;
  void product.exited().then(() => {
    ended = true;
  });
  await eventually('the end', () => ended, END_TIMEOUT_MS);
  return Date.now() - from;
}
