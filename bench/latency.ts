import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '#tests/harness/eventually.ts';
import { createMonitor, INTERVAL_SECONDS, untilStatus } from '#tests/harness/scene.ts';
import { type BenchOptions, type Figures, percentile } from './figures.ts';
import { withStage } from './stage.ts';

/** A trial that takes longer has failed; it must not end the others. */
const TRIAL_TIMEOUT_MS = 60_000;

/** From the target's death to the arrival of `incident.opened`, the death at a random moment of the interval. */
export function latency(options: BenchOptions): Promise<Figures> {
  return withStage(async ({ scene, api }) => {
    const monitor = await createMonitor(api, 'Target', scene.target.url);
    await untilStatus(api, monitor.id, 'up', TRIAL_TIMEOUT_MS);
    const tookMs: number[] = [];
    for (let trial = 1; trial <= options.trials; trial += 1) {
      await sleep(Math.random() * INTERVAL_SECONDS * 1000);
      const opened = scene.receiver.ofType('incident.opened').length;
      const resolved = scene.receiver.ofType('incident.resolved').length;
      const diedAt = Date.now();
      await scene.target.die();
      const webhook = await eventually(
        'the webhook',
        () => scene.receiver.ofType('incident.opened')[opened],
        TRIAL_TIMEOUT_MS,
      );
      tookMs.push(webhook.at - diedAt);
      await scene.target.revive();
      await eventually('the end', () => scene.receiver.ofType('incident.resolved')[resolved], TRIAL_TIMEOUT_MS);
    }
    return {
      trials: tookMs.length,
      intervalSeconds: INTERVAL_SECONDS,
      medianMs: percentile(tookMs, 50),
      p95Ms: percentile(tookMs, 95),
      maxMs: percentile(tookMs, 100),
      // Half an interval until the next check: no monitor at this interval can be faster in the median.
      physicalLimitMedianMs: (INTERVAL_SECONDS * 1000) / 2,
    };
  });
}
