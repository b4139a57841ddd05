import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '#standalone/api-client.ts';
import { type Findings, percentile, rounded } from './figures.ts';
import { reportLimit } from './find-limit.ts';
import { gridOf, MAKE_MS, slotsWhenStored, untilFirstChecks, wholeIntervalsMs, withLoad } from './load.ts';
import type { BenchOptions } from './options.ts';

const MONITORS = 200;
const SECONDS = 300;
/** To start, to drain and to end. */
const AROUND_MS = 240_000;
const POLL_MS = 200;

/** 200 monitors, 5 s, six locations: are all slots stored, and how fast does the API answer meanwhile? */
export function throughput(options: BenchOptions): Promise<Findings> {
  if (options['find-limit']) return reportLimit(options);
  const monitors = options.monitors ?? MONITORS;
  const windowMs = wholeIntervalsMs(options.seconds ?? SECONDS, options);
  return withLoad(options, windowMs + AROUND_MS + monitors * MAKE_MS, async ({ stage: { api, sql }, crowd }) => {
    await crowd.activate(monitors);
    await untilFirstChecks(sql);
    const from = new Date();
    const to = new Date(from.getTime() + windowMs);
    const answers = await pollList(api, to);
    const slots = await slotsWhenStored(sql, gridOf(crowd, options), from, to);
    return {
      figures: {
        monitors,
        locations: options.locations,
        seconds: windowMs / 1000,
        resultsPerSecond: rounded(slots.stored / (windowMs / 1000), 3),
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
      },
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
