import { playSeed } from '#simulation/play-seed.ts';
import { setup } from '#tests/database-server.ts';
import { type Findings, rounded } from './figures.ts';
import type { BenchOptions } from './options.ts';

/** A seed takes two seconds on an idle machine; one that hangs must not hide the others. */
const SEED_TIMEOUT_MS = 180_000;
/** Seeds between two lines that say how far it is. */
const TOLD_EVERY = 50;

/** Plays seeds of the simulation from `--from` on, one after another: two at once in one process take as long. */
export async function simulation({ seeds, from, streams }: BenchOptions): Promise<Findings> {
  const stopServer = await setup();
  const begun = Date.now();
  const failed: number[] = [];
  try {
    for (let seed = from; seed < from + seeds; seed += 1) {
      await withinTime(playSeed(seed, { streams })).catch((error: Error) => {
        failed.push(seed);
        console.log(`FAILED seed ${seed}: ${error.message}\nTo play it again: ${replay(seed, streams)}\n`);
      });
      const played = seed - from + 1;
      if (played % TOLD_EVERY === 0) console.log(`${played} of ${seeds} seeds, ${failed.length} failed`);
    }
  } finally {
    await stopServer();
  }
  const [first = null] = failed;
  return {
    figures: {
      firstSeed: from,
      seeds,
      streams,
      passed: seeds - failed.length,
      failed: failed.length,
      secondsPerSeed: rounded((Date.now() - begun) / 1000 / seeds, 2),
      ...(first === null ? {} : { firstFailingSeed: first, replay: replay(first, streams) }),
    },
    missedGoals: first === null ? [] : [`every seed passes: ${failed.length} failed, the first is ${first}`],
  };
}

function replay(seed: number, streams: string): string {
  return `npm run bench -- simulation --seeds 1 --from ${seed} --streams ${streams}`;
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${SEED_TIMEOUT_MS / 1000} s`)), SEED_TIMEOUT_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
