import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '#standalone/api-client.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { createMonitor, INTERVAL_SECONDS, type Scene, untilStatus } from '#tests/harness/scene.ts';
import { type Findings, percentile } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { withStage } from './stage.ts';

/** A trial that takes longer has failed; the other trials go on. */
const TRIAL_TIMEOUT_MS = 60_000;

/**
 * Measures the time from the target's death, at a random moment of the interval, to the arrival of `incident.opened`.
 */
export function latency(options: BenchOptions): Promise<Findings> {
  return withStage(async ({ scene, api }) => {
    const monitor = await createMonitor(api, 'Target', scene.target.url);
    await untilStatus(api, monitor.id, 'up', TRIAL_TIMEOUT_MS);
    const tookMs: number[] = [];
    let failedTrials = 0;
    for (let trial = 1; trial <= options.trials; trial += 1) {
      await sleep(Math.random() * INTERVAL_SECONDS * 1000);
      const took = await playTrial(scene).catch((error: Error) => {
        console.error(`Trial ${trial}: ${error.message}`);
        return null;
      });
      if (took === null) failedTrials += 1;
      else tookMs.push(took);
      await scene.target.revive();
      await untilStatus(api, monitor.id, 'up', TRIAL_TIMEOUT_MS);
      await eventually('no open incident', async () => (await countOpen(api)) === 0, TRIAL_TIMEOUT_MS);
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

/** Lets the target die once; answers the milliseconds until the webhook arrived. */
async function playTrial({ target, receiver }: Scene): Promise<number> {
  const before = receiver.ofType('incident.opened').length;
  const diedAt = Date.now();
  await target.die();
  const webhook = await eventually('the webhook', () => receiver.ofType('incident.opened')[before], TRIAL_TIMEOUT_MS);
  return webhook.at - diedAt;
}

async function countOpen(api: ApiClient): Promise<number> {
  return (await api.get<{ data: unknown[] }>('/incidents?status=open')).data.length;
}
