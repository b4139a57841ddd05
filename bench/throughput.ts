import { setTimeout as sleep } from 'node:timers/promises';
import type { Monitor } from '#domain/api/monitor.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { createMonitor, INTERVAL_SECONDS } from '#tests/harness/scene.ts';
import { type Findings, percentile } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { countSlots } from './slots.ts';
import { withStage } from './stage.ts';

/** Results on their way when the window closes. */
const DRAIN_MS = 30_000;
const POLL_MS = 200;

/** 200 monitors, 5 s, six locations: are all slots stored, and how fast does the API answer meanwhile? */
export function throughput(options: BenchOptions): Promise<Findings> {
  return withStage(async ({ scene, api, sql }) => {
    const monitors: Monitor[] = [];
    for (let n = 1; n <= options.monitors; n += 1) {
      monitors.push(await createMonitor(api, `Monitor ${n}`, `${scene.target.url}${n}`));
    }
    const ids = monitors.map((monitor) => monitor.id);
    // One interval for the last one to be on its grid.
    await sleep(INTERVAL_SECONDS * 1000);
    const from = new Date();
    const to = new Date(from.getTime() + Math.ceil(options.seconds / INTERVAL_SECONDS) * INTERVAL_SECONDS * 1000);
    const answers = await pollList(api, to);
    const slots = await eventually(
      'all slots stored',
      async () => {
        const counted = await countSlots(sql, ids, from, to);
        return counted.notStored === 0 && counted;
      },
      DRAIN_MS,
    ).catch(() => countSlots(sql, ids, from, to));
    return { figures: {
      monitors: ids.length,
      locations: LOCATION_IDS.length,
      seconds: (to.getTime() - from.getTime()) / 1000,
      resultsPerSecond: Math.round((slots.stored / (to.getTime() - from.getTime())) * 1e6) / 1000,
      slotsDue: slots.due,
      slotsStored: slots.stored,
      slotsNotStored: slots.notStored,
      slotsMissed: slots.missed,
      startLateP50Ms: slots.lateP50Ms,
      startLateP99Ms: slots.lateP99Ms,
      startLateMaxMs: slots.lateMaxMs,
      listRequests: answers.length,
      listP50Ms: percentile(answers, 50),
      listP95Ms: percentile(answers, 95),
      listMaxMs: percentile(answers, 100),
    };
  });
}

/** What a dashboard does, more often: the first page of monitors, again and again. */
async function pollList(api: ApiClient, until: Date): Promise<number[]> {
  const answers: number[] = [];
  while (Date.now() < until.getTime()) {
    const from = performance.now();
    await api.get('/monitors');
    answers.push(performance.now() - from);
    await sleep(POLL_MS);
  }
  return answers;
}
