import { newId } from '#domain/base/id.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { type AssignedMonitor, assignedMonitorSchema } from '#domain/wire/wire.ts';
import { drawClock } from './draw-clock.ts';
import { requireJudgements } from './invariants/judged.ts';
import { Random } from './random.ts';
import { SimulatedShard } from './shard.ts';
import { Targets } from './targets.ts';

const BEGIN_MS = Date.UTC(2026, 2, 1, 20);
const STEPS = 120;
/** Longest step: five slots of the fastest monitor, less than one of the slowest. */
const STEP_MS_MAX = 25_000;
/** Enough hosts for an organization to find a location dark. */
const MONITORS_MAX = 6;
const HOSTS = 20;
const HOSTILE_MONITORS = 6;
const HOSTILE_INTERVAL_S = 60;
const INTERVALS_S = [5, 10, 30, 60] as const;
const HOSTILE = 'org_hostile';
const TIMEOUTS_MS = [1_000, 5_000, 10_000] as const;

/**
 * Plays the edge's half of the simulation: a shard, its targets, restarts, clocks and changed assignments, beside a hostile
 * organization whose targets fail from chosen locations. The shard's events are judged again at the end. A seed needs no
 * database and takes a hundredth of the time of a whole one. Deterministic. Throws a Violation.
 */
export function playJudging(seed: number): void {
  const random = new Random(seed);
  const targets = new Targets(random.fork('targets'));
  const shard = new SimulatedShard('shd_judging', targets, BEGIN_MS);
  const monitors = new Map<string, AssignedMonitor>();
  const hostile = hostileMonitors(random.fork('hostile'));
  targets.setHostile(HOSTILE);
  let nowMs = BEGIN_MS;
  const assign = (notUnderstood: readonly string[] = []): void => {
    const version = shard.version + 1;
    const assignment = { v: 1 as const, shard: 'shd_judging', version, monitors: [...hostile, ...monitors.values()] };
    shard.putAssignment(assignment, new Set(notUnderstood), nowMs);
  };
  for (let step = 0; step < STEPS; step++) {
    nowMs += random.int(0, STEP_MS_MAX);
    shard.runUntil(nowMs);
    if (random.chance(0.06)) shard.restart(nowMs);
    if (random.chance(0.05)) shard.setClock(drawClock(random));
    if (random.chance(0.2)) {
      change(random, monitors, nowMs);
      assign(random.chance(0.1) && monitors.size > 0 ? [random.pick([...monitors.keys()])] : []);
    }
    if (random.chance(0.1) && monitors.size > 0) shard.checkNow(random.pick([...monitors.keys()]), nowMs);
  }
  targets.calm = true;
  assign();
  shard.runUntil(nowMs + STEP_MS_MAX);
  requireJudgements({ shard });
}

function hostileMonitors(random: Random): AssignedMonitor[] {
  return Array.from({ length: HOSTILE_MONITORS }, (_, index) => {
    const id = newId('mon', BEGIN_MS, random.bytes(10));
    const monitor = drawMonitor(random, id);
    const config = { ...monitor.config, url: `https://hostile-${index}.example.com/` };
    return {
      ...monitor,
      organization: HOSTILE,
      locations: [...LOCATION_IDS],
      intervalSeconds: HOSTILE_INTERVAL_S,
      config,
    };
  });
}

/** A monitor is added, edited or taken away. */
function change(random: Random, monitors: Map<string, AssignedMonitor>, nowMs: number): void {
  const known = monitors.size === 0 ? undefined : random.pick([...monitors.values()]);
  if (known === undefined || (monitors.size < MONITORS_MAX && random.chance(0.4))) {
    const id = newId('mon', nowMs, random.bytes(10));
    monitors.set(id, drawMonitor(random, id));
  } else if (random.chance(0.1)) monitors.delete(known.id);
  else monitors.set(known.id, edited(random, known));
}

function edited(random: Random, monitor: AssignedMonitor): AssignedMonitor {
  const other = drawMonitor(random, monitor.id);
  const member = random.pick([
    'name',
    'intervalSeconds',
    'timeoutMs',
    'locations',
    'enabled',
    'quorum',
    'config',
  ] as const);
  return { ...monitor, [member]: member === 'enabled' ? !monitor.enabled : other[member] };
}

function drawMonitor(random: Random, id: string): AssignedMonitor {
  const locations = LOCATION_IDS.filter(() => random.chance(0.6));
  return assignedMonitorSchema.parse({
    id,
    name: `Monitor ${random.int(1, 1000)}`,
    organization: 'org_innocent',
    intervalSeconds: random.pick(INTERVALS_S),
    timeoutMs: random.pick(TIMEOUTS_MS),
    locations: locations.length === 0 ? [random.pick(LOCATION_IDS)] : locations,
    enabled: true,
    quorum: random.chance(0.5) ? null : random.int(1, 3),
    rules: [
      {
        id: 'rul_default',
        condition: { type: 'consecutiveFailures', count: random.int(1, 3) },
        severity: 'critical',
        recoveryCount: random.int(1, 2),
      },
    ],
    components: [],
    type: 'http',
    config: { url: `https://shop-${random.int(1, HOSTS)}.example.com/` },
  });
}
