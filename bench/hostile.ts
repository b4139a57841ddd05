import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import type { Monitor } from '#domain/api/monitor.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { createMonitor, INTERVAL_SECONDS, untilStatus } from '#tests/harness/scene.ts';
import { Crowd } from './crowd.ts';
import { type Figures, type Findings, percentile, rounded } from './figures.ts';
import { hostileWords, settleHostile } from './hostile-organization.ts';
import { countFalseAlarms, slotsWhenStored, untilFirstChecks, wholeIntervalsMs } from './load.ts';
import { startLoadTarget, startTargetProcess, type TargetProcess } from './load-target.ts';
import type { BenchOptions } from './options.ts';
import { OUTAGE_TIMEOUT_MS, playOutage } from './outage.ts';
import { poll } from './poll.ts';
import { type CpuTimes, PARTS, ProcessMeter } from './process-meter.ts';
import type { Grid } from './slots.ts';
import { type Stage, withStage } from './stage.ts';

const INNOCENT_MONITORS = 100;
const PAGE_COMPONENTS = 20;
const SLUG = 'innocent';
const SECONDS = 300;
/** Time in which the innocent organisation is measured alone, for comparison. */
const ALONE_SECONDS = 10;
/** Time for the start, the creation of all objects, the drain and the end, beside the window. */
const AROUND_MS = 300_000;
/** Pause between two requests of the page: about twenty requests a second, as of a page that many people reload. */
const PAGE_PAUSE_MS = 50;
/** The first of the two moments whose memory is compared; half of a window that is shorter than two minutes. */
const SETTLED_MS = 60_000;
/** Samples of memory and files are averaged over this time, because garbage collection makes single ones vary. */
const AVERAGED_MS = 10_000;

const PAGE_P99_MAX_MS = 50;
const MESSAGE_MAX_MS = 5000;
const LATE_P99_MAX_MS = 1000;
/** Most memory and files at the end, as a multiple of those after one minute. A leak of each check exceeds it. */
const GROWTH_MAX = 1.3;
/** Parts of the product whose memory and files must not grow. */
const FLAT = ['workerd', 'core', 'postgres'] as const satisfies readonly (typeof PARTS)[number][];

const OPEN_TO_ALL = { BLACKTIDE_REGISTRATION: 'open', BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'true' };

/** The innocent organisation: monitors whose target is always up, one whose target dies, and a status page. */
interface Innocent {
  readonly grid: Grid;
  readonly dying: Monitor;
  readonly pageUrl: string;
}

/** The times of one message, in milliseconds. */
interface Message {
  readonly afterDeathMs: number;
  readonly afterVerdictMs: number;
}

interface Window {
  readonly from: Date;
  readonly to: Date;
  readonly pageMs: readonly number[];
  readonly cpu: readonly [before: CpuTimes, after: CpuTimes];
}

/**
 * Measures 100 monitors, the status page and the messages of one organisation beside another one whose 50 monitors have
 * the most expensive assertions and targets, and whose 500 webhook receivers are dead.
 */
export async function hostile(options: BenchOptions): Promise<Findings> {
  const windowMs = wholeIntervalsMs(options.seconds ?? SECONDS, { ...options, interval: INTERVAL_SECONDS });
  const [good, bad] = await Promise.all([startLoadTarget(), startTargetProcess('hostile-target-server.ts')]);
  try {
    const inPlay = async (stage: Stage) => {
      const meter = new ProcessMeter(stage.product.pid, good.pid, bad.pid);
      try {
        return await play(stage, meter, { good, bad }, options.attack, windowMs);
      } finally {
        meter.close();
      }
    };
    return await withStage(inPlay, { withinMs: windowMs + AROUND_MS, env: OPEN_TO_ALL });
  } finally {
    await Promise.all([good.close(), bad.close()]);
  }
}

async function play(
  stage: Stage,
  meter: ProcessMeter,
  targets: { readonly good: TargetProcess; readonly bad: TargetProcess },
  attack: BenchOptions['attack'],
  windowMs: number,
): Promise<Findings> {
  const innocent = await settleInnocent(stage, targets.good);
  const alone = await observe(innocent, meter, ALONE_SECONDS * 1000);
  const begun = new Date();
  const hostileOrganization = await settleHostile(stage.scene.installation.apiOrigin, targets.bad.url, attack);
  try {
    const messages: Message[] = [];
    const failures: string[] = [];
    const [beside] = await Promise.all([
      observe(innocent, meter, windowMs),
      sendMessages(stage, innocent.dying, Date.now() + windowMs, messages, failures),
    ]);
    const rows = [
      await measure(stage.sql, innocent, 'alone', alone),
      await measure(stage.sql, innocent, 'beside hostile', beside),
    ];
    const alarms = await countFalseAlarms(stage.sql, begun, new Date(), innocent.grid.monitorIds);
    const memory = memoryOf(meter, beside);
    const crashes = meter.workerdRestarts(0) + (stage.product.ended() ? 1 : 0);
    const found = {
      beside: rows[1] ?? {},
      falseDown: alarms.down + alarms.incidents,
      messages,
      failures,
      memory,
      crashes,
    };
    return {
      figures: {
        seconds: windowMs / 1000,
        attack,
        innocentMonitors: innocent.grid.monitorIds.length,
        falseDown: found.falseDown,
        messages: messages.length,
        messagesFailed: failures.length,
        ...tellTimes(
          'messageAfterVerdict',
          messages.map(({ afterVerdictMs }) => afterVerdictMs),
        ),
        ...tellTimes(
          'messageAfterDeath',
          messages.map(({ afterDeathMs }) => afterDeathMs),
        ),
        ...Object.fromEntries(memory.map(({ what, values }) => [`${what}: start, settled, end`, values.join(', ')])),
        workerdRestarts: meter.workerdRestarts(0),
        ...(await hostileWords(stage.sql, hostileOrganization, beside.from, beside.to)),
      },
      rows,
      missedGoals: missedGoals(found),
    };
  } finally {
    await hostileOrganization.close();
  }
}

async function settleInnocent(stage: Stage, target: TargetProcess): Promise<Innocent> {
  const { scene, api, sql } = stage;
  const { apiOrigin, edgeOrigin } = scene.installation;
  const crowd = await Crowd.gather(apiOrigin, api, {
    url: target.url,
    intervalSeconds: INTERVAL_SECONDS,
    locations: LOCATION_IDS,
  });
  await crowd.activate(INNOCENT_MONITORS);
  const dying = await createMonitor(api, 'Dying', scene.target.url);
  const components = crowd.active
    .slice(0, PAGE_COMPONENTS)
    .map((monitorId, n) => ({ name: `Component ${n + 1}`, monitorId }));
  await api.post('/status-pages', { name: 'Innocent', slug: SLUG, visibility: 'public', components });
  await untilStatus(api, dying.id, 'up', OUTAGE_TIMEOUT_MS);
  await untilFirstChecks(sql);
  const grid = { monitorIds: crowd.active, locations: LOCATION_IDS.length, intervalSeconds: INTERVAL_SECONDS };
  return { grid, dying, pageUrl: `${edgeOrigin}/status/${SLUG}` };
}

/** Requests the page for the time of a window. */
async function observe({ pageUrl }: Innocent, meter: ProcessMeter, windowMs: number): Promise<Window> {
  const from = new Date();
  const to = new Date(from.getTime() + windowMs);
  const before = meter.cpu();
  const readPage = async () => {
    const response = await fetch(pageUrl);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the page answered ${response.status}`);
  };
  const pageMs = await poll(readPage, PAGE_PAUSE_MS, to.getTime());
  return { from, to, pageMs, cpu: [before, meter.cpu()] };
}

/** Lets the dying target die again and again, and measures each message. */
async function sendMessages(
  stage: Stage,
  dying: Monitor,
  untilMs: number,
  messages: Message[],
  failures: string[],
): Promise<void> {
  while (Date.now() < untilMs) {
    await sleep(Math.random() * INTERVAL_SECONDS * 1000);
    try {
      const { incidentId, diedAt, toldAt } = await playOutage(stage, dying.id);
      const [opened] = await stage.sql<{ at: Date }[]>`
        SELECT min(at) AS at FROM incident_timeline WHERE incident_id = ${incidentId} AND kind = 'opened'`;
      messages.push({
        afterDeathMs: toldAt - diedAt,
        afterVerdictMs: toldAt - (opened?.at.getTime() ?? Number.NaN),
      });
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
}

async function measure(sql: Sql, { grid }: Innocent, phase: string, window: Window): Promise<Figures> {
  const { from, to, pageMs, cpu } = window;
  const slots = await slotsWhenStored(sql, grid, from, to);
  const [before, after] = cpu;
  const share = (part: (typeof PARTS)[number]) =>
    rounded(((after[part] - before[part]) / (to.getTime() - from.getTime())) * 100);
  return {
    phase,
    slotsDue: slots.due,
    slotsMissed: slots.missed,
    slotsNotStored: slots.notStored,
    slotsFailed: slots.failed,
    lateP50Ms: slots.lateP50Ms,
    lateP99Ms: slots.lateP99Ms,
    lateMaxMs: slots.lateMaxMs,
    pageRequests: pageMs.length,
    pageP50Ms: percentile(pageMs, 50),
    pageP99Ms: percentile(pageMs, 99),
    pageMaxMs: percentile(pageMs, 100),
    ...Object.fromEntries(PARTS.map((part) => [`${part}CpuPercent`, share(part)])),
  };
}

interface Course {
  readonly what: string;
  /** At the start of the window, after one minute, at the end. */
  readonly values: readonly [start: number, settled: number, end: number];
}

/** Memory and open files of the product's parts in the course of the window. */
function memoryOf(meter: ProcessMeter, { from, to }: Window): Course[] {
  const lengthMs = to.getTime() - from.getTime();
  const moments = [from.getTime(), from.getTime() + Math.min(SETTLED_MS, lengthMs / 2), to.getTime()] as const;
  const averaged = (at: number, value: (sample: (typeof meter.samples)[number]) => number) => {
    const values = meter.samples.filter((sample) => sample.at > at - AVERAGED_MS && sample.at <= at).map(value);
    return rounded(values.reduce((sum, one) => sum + one, 0) / values.length);
  };
  const course = (what: string, value: Parameters<typeof averaged>[1]): Course => {
    const [start, settled, end] = moments;
    return { what, values: [averaged(start, value), averaged(settled, value), averaged(end, value)] };
  };
  return FLAT.flatMap((part) => [
    course(`${part}RssMb`, ({ rssMb }) => rssMb[part]),
    course(`${part}Files`, ({ files }) => files[part]),
  ]);
}

function tellTimes(name: string, ms: readonly number[]): Figures {
  return { [`${name}P50Ms`]: percentile(ms, 50), [`${name}MaxMs`]: percentile(ms, 100) };
}

interface Found {
  readonly beside: Figures;
  readonly falseDown: number;
  readonly messages: readonly Message[];
  readonly failures: readonly string[];
  readonly memory: readonly Course[];
  readonly crashes: number;
}

function missedGoals({ beside, falseDown, messages, failures, memory, crashes }: Found): string[] {
  const lost = Number(beside.slotsMissed) + Number(beside.slotsNotStored) + Number(beside.slotsFailed);
  const slowest = Math.max(...messages.map(({ afterVerdictMs }) => afterVerdictMs));
  const goals: (readonly [met: boolean, goal: string])[] = [
    [lost === 0, `no innocent slot is missed, lost or failed: ${lost} are`],
    [Number(beside.lateP99Ms) < LATE_P99_MAX_MS, `innocent slots are on time: p99 ${beside.lateP99Ms} ms`],
    [falseDown === 0, `nothing innocent is falsely down: ${falseDown} verdicts and incidents`],
    [
      Number(beside.pageP99Ms) < PAGE_P99_MAX_MS,
      `the page is read within ${PAGE_P99_MAX_MS} ms: p99 ${beside.pageP99Ms} ms`,
    ],
    [
      messages.length > 0 && failures.length === 0,
      `every message arrives: ${messages.length} did, ${failures.join(', ')}`,
    ],
    [slowest <= MESSAGE_MAX_MS, `messages leave within ${MESSAGE_MAX_MS} ms of the verdict: ${slowest} ms`],
    [crashes === 0, `nothing crashes: ${crashes} did`],
    ...memory.map(({ what, values: [, settled, end] }) => {
      return [end <= settled * GROWTH_MAX, `${what} stays flat: ${settled} after a minute, ${end} at the end`] as const;
    }),
  ];
  return goals.filter(([met]) => !met).map(([, goal]) => goal);
}
