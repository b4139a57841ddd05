import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '#standalone/api-client.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { createMonitor, INTERVAL_SECONDS, type Scene, untilStatus } from '#tests/harness/scene.ts';
import { type Findings, percentile } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { withStage } from './stage.ts';

/** A trial that takes longer has failed; it must not end the others. */
const TRIAL_TIMEOUT_MS = 60_000;

/** From the target's death to the arrival of `incident.opened`, the death at a random moment of the interval. */
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
        // Half an interval until the next check: no monitor at this interval can be faster in the median.
        physicalLimitMedianMs: (INTERVAL_SECONDS * 1000) / 2,
      },
    };
  });
}

/** Milliseconds from the death to the webhook. */
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
