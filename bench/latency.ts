import { setTimeout as sleep } from 'node:timers/promises';
import { createMonitor, INTERVAL_SECONDS, untilStatus } from '#tests/harness/scene.ts';
import { type Findings, percentile } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { OUTAGE_TIMEOUT_MS, playOutage } from './outage.ts';
import { withStage } from './stage.ts';

/** Measures the time from the target's death, at a random moment of the interval, to the arrival of `incident.opened`. */
export function latency(options: BenchOptions): Promise<Findings> {
  return withStage(async (stage) => {
    const { scene, api } = stage;
    const monitor = await createMonitor(api, 'Target', scene.target.url);
    await untilStatus(api, monitor.id, 'up', OUTAGE_TIMEOUT_MS);
    const tookMs: number[] = [];
    let failedTrials = 0;
    for (let trial = 1; trial <= options.trials; trial += 1) {
      await sleep(Math.random() * INTERVAL_SECONDS * 1000);
      try {
        const { diedAt, toldAt } = await playOutage(stage, monitor.id);
        tookMs.push(toldAt - diedAt);
      } catch (error) {
        console.error(`Trial ${trial}: ${(error as Error).message}`);
        failedTrials += 1;
      }
    }
    return {
      figures: {
        trials: options.trials,
        failedTrials,
        intervalSeconds: INTERVAL_SECONDS,
        medianMs: percentile(tookMs, 50),
        p95Ms: percentile(tookMs, 95),
        maxMs: percentile(tookMs, 100),
        // The next check comes half an interval after the death in the median: no monitor can be faster.
        physicalLimitMedianMs: (INTERVAL_SECONDS * 1000) / 2,
      },
    };
  });
}
