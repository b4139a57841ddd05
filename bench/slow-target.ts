import { setTimeout as sleep } from 'node:timers/promises';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { SHARD_MONITORS_MAX } from '#domain/wire/wire.ts';
import { createMonitor, INTERVAL_SECONDS } from '#tests/harness/scene.ts';
import type { Findings } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { countSlots } from './slots.ts';
import { withStage } from './stage.ts';

const SLOW_MS = 25_000;
/** Long enough for two slow checks. */
const WINDOW_SECONDS = 60;
const DRAIN_MS = 5000;
/** As many monitors as a shard holds. */
const MONITORS = SHARD_MONITORS_MAX;

/** Measures the slots of 199 monitors with a fast target in one shard with one monitor whose target takes 25 s. */
export function slowTarget(options: BenchOptions): Promise<Findings> {
  return withStage(async ({ scene, api, sql }) => {
    scene.target.behave((request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end('at last'), SLOW_MS);
      else response.end('ok');
    });
    await createMonitor(api, 'Slow', `${scene.target.url}slow`, { intervalSeconds: 30, timeoutMs: 30_000 });
    const fast: string[] = [];
    for (let n = 1; n < (options.monitors ?? MONITORS); n += 1)
      fast.push((await createMonitor(api, `Fast ${n}`, scene.target.url)).id);
    await sleep(INTERVAL_SECONDS * 1000);
    const from = new Date();
    const to = new Date(from.getTime() + WINDOW_SECONDS * 1000);
    await sleep(WINDOW_SECONDS * 1000 + DRAIN_MS);
    const slots = await countSlots(
      sql,
      { monitorIds: fast, locations: LOCATION_IDS.length, intervalSeconds: INTERVAL_SECONDS },
      from,
      to,
    );
    return {
      figures: {
        fastMonitors: fast.length,
        slowAnswerMs: SLOW_MS,
        slotsDue: slots.due,
        slotsStored: slots.stored,
        slotsMissed: slots.missed,
        startLateP50Ms: slots.lateP50Ms,
        startLateP99Ms: slots.lateP99Ms,
        startLateMaxMs: slots.lateMaxMs,
      },
    };
  });
}
