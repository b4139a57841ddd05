import { setTimeout as sleep } from 'node:timers/promises';
import type { Monitor } from '#domain/api/monitor.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import type { Random } from '#simulation/random.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { createMonitor, INTERVAL_SECONDS } from '#tests/harness/scene.ts';
import { startTarget, type Target } from '#tests/harness/target.ts';
import { type TimeSpan, TimeSpans } from './time-span.ts';

/** The monitors' timeout: short, so that a hanging target is judged soon. */
export const TIMEOUT_MS = 2000;
/** Slack for a machine that starts databases beside the checks. */
const GRACE_MS = 4000;
/**
 * An outage of this length must open an incident while the edge runs: two rounds, and the second attempts of the last.
 */
export const SEEN_MS = 2 * INTERVAL_SECONDS * 1000 + 2 * TIMEOUT_MS + GRACE_MS;
const OUTAGE_MS = [3000, 45_000] as const;
/** Time between two troubles, after the edge has had the time to see the target up again. */
const HEALTHY_MS = [0, 30_000] as const;
const POLL_MS = 250;

const TROUBLES = ['refused', 'reset', 'error', 'hang', 'one location'] as const;
type Trouble = (typeof TROUBLES)[number];

/** A monitor with its own target, and the spans in which that target failed. */
export interface Watched {
  readonly monitor: Monitor;
  readonly target: Target;
  /** Spans in which the target failed for all locations. */
  readonly outages: TimeSpans;
  /** Spans in which the target failed for one location only. */
  readonly partial: TimeSpans;
}

export async function watchTargets(api: ApiClient, count: number): Promise<Watched[]> {
  const watched: Watched[] = [];
  for (let n = 1; n <= count; n += 1) {
    const target = await startTarget();
    const monitor = await createMonitor(api, `Target ${n}`, target.url, { timeoutMs: TIMEOUT_MS });
    watched.push({ monitor, target, outages: new TimeSpans(), partial: new TimeSpans() });
  }
  return watched;
}

/**
 * Lets the target fail in one way after another until `until`, and ends the last trouble. The next trouble waits until
 * the edge has had an undisturbed time to see the target up again, so that each outage has an incident of its own.
 */
export async function playOutages(
  { target, outages, partial }: Watched,
  edgeDisturbed: TimeSpans,
  random: Random,
  until: number,
): Promise<void> {
  while (Date.now() < until) {
    const well: TimeSpan = { from: Date.now(), to: Date.now() };
    while (edgeDisturbed.longestFree(well) < SEEN_MS) {
      await sleep(POLL_MS);
      well.to = Date.now();
      if (well.to > until) return;
    }
    await sleepUntil(Date.now() + random.between(...HEALTHY_MS), until);
    if (Date.now() >= until) return;
    const trouble = random.pick(TROUBLES);
    const spans = trouble === 'one location' ? partial : outages;
    const span = spans.begin();
    await begin(target, trouble, random);
    await sleepUntil(Date.now() + random.between(...OUTAGE_MS), until);
    await end(target, trouble);
    spans.end(span);
  }
}

async function begin(target: Target, trouble: Trouble, random: Random): Promise<void> {
  const location = random.pick(LOCATION_IDS);
  if (trouble === 'refused') return target.die();
  target.behave((request, response) => {
    if (trouble === 'reset') response.destroy();
    else if (trouble === 'hang') return;
    else if (trouble === 'one location' && request.headers['x-blacktide-location'] !== location) response.end('ok');
    else response.writeHead(500).end();
  });
}

async function end(target: Target, trouble: Trouble): Promise<void> {
  if (trouble === 'refused') return target.revive();
  target.behave((_request, response) => {
    response.end('ok');
  });
}

async function sleepUntil(at: number, latest: number): Promise<void> {
  await sleep(Math.max(0, Math.min(at, latest) - Date.now()));
}
