import { setTimeout as sleep } from 'node:timers/promises';
import connect from 'postgres';
import { Random } from '#simulation/random.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { startPostgres } from '#standalone/postgres.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { INTERVAL_SECONDS, newScene, type Scene, settleIn, untilStatus } from '#tests/harness/scene.ts';
import { Victim } from './chaos-disruptions.ts';
import { examineEnd, examineIncidents, examineResults, type Verdict } from './chaos-invariants.ts';
import { playOutages, type Watched, watchTargets } from './chaos-outages.ts';
import type { Findings } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { SeenProcesses } from './seen-processes.ts';

/** With this many monitors a failing location can be told from failing targets. */
const MONITORS_MAX = 8;
const SLUG = 'chaos';
const SECONDS = 300;
const FIRST_RESULTS_MS = 30_000;
/** A delivery that was cut off is tried again after its lease (30 s) or after its second delay (30 s). */
const QUIET_MS = 120_000;
const RENAME_MS = [500, 8000] as const;
/** Most violations that are printed; a broken schedule has thousands. */
const VIOLATIONS_TOLD_MAX = 50;

/**
 * Kills, stops and ends edge, workerd, core and database at seeded random moments while targets fail. Then examines
 * whether any result or message was lost or sent twice.
 */
export async function chaos(options: BenchOptions): Promise<Findings> {
  console.log(`chaos with seed ${options.seed}`);
  const scene = await newScene();
  const seen = new SeenProcesses();
  const victim = new Victim(scene.installation, seen);
  const watched: Watched[] = [];
  try {
    await victim.start();
    const api = await settleIn(scene);
    watched.push(...(await watchTargets(api, Math.min(options.monitors ?? MONITORS_MAX, MONITORS_MAX))));
    await publishPage(api, watched);
    for (const { monitor } of watched) await untilStatus(api, monitor.id, 'up', FIRST_RESULTS_MS);
    await playChaos(options, victim, watched, api);
    const verdicts = await examine(scene, api, victim, watched);
    await victim.end();
    return report(options, victim, verdicts);
  } finally {
    await victim.killAll();
    for (const { target } of watched) await target.close();
    await scene.close();
  }
}

async function publishPage(api: ApiClient, watched: readonly Watched[]): Promise<void> {
  const components = watched.map(({ monitor }) => ({ name: monitor.name, monitorId: monitor.id }));
  await api.post('/status-pages', { name: 'Chaos', slug: SLUG, visibility: 'public', components });
}

async function playChaos(
  { seconds = SECONDS, seed }: BenchOptions,
  victim: Victim,
  watched: readonly Watched[],
  api: ApiClient,
): Promise<void> {
  const until = Date.now() + seconds * 1000;
  const random = new Random(seed);
  await Promise.all([
    victim.disruptCore(random.fork('core'), until),
    victim.disruptEdge(random.fork('edge'), until),
    renameMonitors(api, watched, random.fork('names'), until),
    ...watched.map((one, index) => playOutages(one, victim.edgeDisturbed, random.fork(`target ${index}`), until)),
  ]);
}

/** Renames monitors at random moments: each new name is a new assignment for a shard that is at work. */
async function renameMonitors(
  api: ApiClient,
  watched: readonly Watched[],
  random: Random,
  until: number,
): Promise<void> {
  for (let n = 1; ; n += 1) {
    await sleep(random.between(...RENAME_MS));
    if (Date.now() > until) return;
    const { monitor } = random.pick(watched);
    // The core may be down at this moment.
    await api.patch(`/monitors/${monitor.id}`, { name: `${monitor.name}, name ${n}` }).catch(() => undefined);
  }
}

/** Waits until no invariant is violated any more; answers the last verdicts when that takes too long. */
async function examine(scene: Scene, api: ApiClient, victim: Victim, watched: readonly Watched[]): Promise<Verdict[]> {
  const until = Date.now();
  const summaryUrl = `${scene.installation.edgeOrigin}/status/${SLUG}/api/v2/summary.json`;
  const database = await startPostgres({ dataDir: scene.installation.dataDir });
  const sql = connect(database.url, { max: 1, onnotice: () => {} });
  const look = async () => [
    await examineEnd(api, sql, summaryUrl),
    await examineIncidents(sql, watched, victim.edgeDisturbed, scene.receiver),
    await examineResults(sql, watched, victim.edgeDisturbed, until - INTERVAL_SECONDS * 1000),
  ];
  try {
    return await eventually(
      'quiet',
      async () => {
        const verdicts = await look();
        return verdicts.every(({ violations }) => violations.length === 0) && verdicts;
      },
      QUIET_MS,
    ).catch(look);
  } finally {
    await sql.end();
    await database.close();
  }
}

function report({ seed, seconds = SECONDS }: BenchOptions, victim: Victim, verdicts: readonly Verdict[]): Findings {
  const violations = [...victim.violations, ...verdicts.flatMap((verdict) => verdict.violations)];
  for (const violation of violations.slice(0, VIOLATIONS_TOLD_MAX)) console.error(`VIOLATION ${violation}`);
  if (violations.length > VIOLATIONS_TOLD_MAX) console.error(`… and ${violations.length - VIOLATIONS_TOLD_MAX} more`);
  return {
    figures: {
      seed,
      seconds,
      ...Object.fromEntries(victim.disruptions),
      ...Object.assign({}, ...verdicts.map((verdict) => verdict.figures)),
      violations: violations.length,
    },
    missedGoals: violations.length === 0 ? [] : [`nothing is lost or told twice: ${violations.length} violations`],
  };
}
