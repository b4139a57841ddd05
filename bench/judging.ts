import { playJudging } from '#simulation/play-judging.ts';
import { type Findings, rounded } from './figures.ts';
import type { BenchOptions } from './options.ts';

/** Plays seeds of the edge's half of the simulation, from `--from` on: some five a second. */
export async function judging({ seeds, from }: BenchOptions): Promise<Findings> {
  const begun = performance.now();
  const failed: number[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      playJudging(seed);
    } catch (error) {
      failed.push(seed);
      console.log(`FAILED seed ${seed}: ${(error as Error).message}\n`);
    }
  }
  return {
    figures: { firstSeed: from, seeds, failed: failed.length, seconds: rounded((performance.now() - begun) / 1000) },
    missedGoals: failed.length === 0 ? [] : [`every seed passes: ${failed.length} failed, the first is ${failed[0]}`],
  };
}
