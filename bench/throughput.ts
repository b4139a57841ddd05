import { type Findings, percentile, rounded } from './figures.ts';
import { reportLimit } from './find-limit.ts';
import { gridOf, MAKE_MS, slotsWhenStored, untilFirstChecks, wholeIntervalsMs, withLoad } from './load.ts';
import type { BenchOptions } from './options.ts';
import { poll } from './poll.ts';

const MONITORS = 200;
const SECONDS = 300;
/** Time for the start, the drain and the end, beside the window. */
const AROUND_MS = 240_000;
const POLL_MS = 200;

/** Counts the stored slots of 200 monitors at 5 s from six locations, and measures the API's answers meanwhile. */
export function throughput(options: BenchOptions): Promise<Findings> {
  if (options['find-limit']) return reportLimit(options);
  const monitors = options.monitors ?? MONITORS;
  const windowMs = wholeIntervalsMs(options.seconds ?? SECONDS, options);
  return withLoad(options, windowMs + AROUND_MS + monitors * MAKE_MS, async ({ stage: { api, sql }, crowd }) => {
    await crowd.activate(monitors);
    await untilFirstChecks(sql);
    const from = new Date();
    const to = new Date(from.getTime() + windowMs);
    // A dashboard requests the same list, less often.
    const answers = await poll(() => api.get('/monitors'), POLL_MS, to.getTime());
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
