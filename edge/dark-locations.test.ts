import {
  createExecutionContext,
  createScheduledController,
  evictDurableObject,
  runInDurableObject,
  waitOnExecutionContext,
} from 'cloudflare:test';

import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { AssignedMonitor, EdgeEvent, RoundJudgedEvent } from '#domain/wire/wire.ts';
import { checkCanaries } from '#edge/canaries.ts';
import type { MonitorShard } from '#edge/monitor-shard.ts';
import {
  assign,
  behave,
  bindings,
  eventsOf,
  newMonitor,
  newShardName,
  probesByName,
  shardOf,
  until,
  untilEvents,
  urlByName,
} from '#tests/edge/shard.ts';
import worker from './worker.ts';

const CHOSEN = ['us-east', 'eu-west', 'sa-east'] as const satisfies readonly LocationId[];
const NOTHING_DARK = { everybody: [], organizations: {} };

/** A shard whose probes resolve any name. */
async function newShard(): Promise<string> {
  const shard = newShardName();
  await assign(shard, 1, []);
  await resolveNames(shard);
  return shard;
}

async function resolveNames(shard: string): Promise<void> {
  await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
    Object.assign(instance, { env: { ...bindings, ...probesByName() } });
  });
}

/** Monitors of an organization, each on a host and a site of its own, that fail from some locations. */
async function monitorsOf(
  organization: string,
  count: number,
  failAt: readonly LocationId[],
  changes: Partial<AssignedMonitor> = {},
): Promise<AssignedMonitor[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const { target, ...monitor } = newMonitor({ organization, ...changes });
      await behave(monitor, { failAt });
      const url = urlByName(`${organization}-${n}.example`, target);
      return { ...monitor, config: { ...monitor.config, url } };
    }),
  );
}

/** Gives the shard these monitors, each to be checked now, and waits for their verdicts. */
async function checkAll(shard: string, monitors: readonly AssignedMonitor[]): Promise<RoundJudgedEvent[]> {
  const before = (await roundsOf(shard)).length;
  const { version } = await shardOf(shard).inspect();
  // A change of the time limit calls for a round at once.
  await assign(
    shard,
    version + 1,
    monitors.map((monitor) => ({ ...monitor, timeoutMs: 20_000 + version })),
  );
  await until('the verdicts', async () => ((await roundsOf(shard)).length >= before + monitors.length ? true : null));
  await until('a quiet shard', async () => {
    const { outboxDepth, openRounds } = await shardOf(shard).inspect();
    return outboxDepth === 0 && openRounds === 0 ? true : null;
  });
  return (await roundsOf(shard)).slice(before);
}

async function roundsOf(shard: string): Promise<RoundJudgedEvent[]> {
  return (await eventsOf(shard)).flatMap((event) => (event.kind === 'round.judged' ? [event] : []));
}

function changesIn(events: readonly EdgeEvent[]): string[] {
  return events.flatMap((event) =>
    event.kind === 'location.state'
      ? [`${event.location} ${event.dark ? 'dark' : 'back'} ${event.organization ?? 'everybody'}`]
      : [],
  );
}

async function firing(shard: string): Promise<string[]> {
  const events = await untilEvents(shard, 'alert.triggered', 1);
  return events.filter(({ to }) => to === 'firing').map(({ monitorId }) => monitorId);
}

describe('a location from which nearly all hosts of an organization fail', () => {
  it('is left out of its verdicts, which is remembered; later it is back', async () => {
    const shard = await newShard();
    const monitors = await monitorsOf('org_a', 6, ['sa-east']);
    await checkAll(shard, monitors);
    expect(changesIn(await eventsOf(shard))).toEqual(['sa-east dark org_a']);
    const rounds = await checkAll(shard, monitors);
    expect(rounds.map(({ status, excluded }) => [status, excluded])).toEqual(Array(6).fill(['up', ['sa-east']]));
    // Sleeping does not light it again.
    await evictDurableObject(shardOf(shard));
    expect((await shardOf(shard).inspect()).dark).toEqual({ everybody: [], organizations: { org_a: ['sa-east'] } });
    await resolveNames(shard);
    for (const monitor of monitors) await behave(monitor, {});
    await checkAll(shard, monitors);
    expect(changesIn(await eventsOf(shard))).toEqual(['sa-east dark org_a', 'sa-east back org_a']);
    expect((await shardOf(shard).inspect()).dark).toEqual(NOTHING_DARK);
  });

  it('is judged by the monitors that are still checked from there', async () => {
    const shard = await newShard();
    const monitors = await monitorsOf('org_a', 6, ['sa-east']);
    await checkAll(shard, monitors);
    const locations = LOCATION_IDS.filter((location) => location !== 'sa-east');
    const healthy = await monitorsOf('org_a', 1, []);
    await checkAll(shard, [...monitors.map((monitor) => ({ ...monitor, locations })), ...healthy]);
    expect(changesIn(await eventsOf(shard))).toEqual(['sa-east dark org_a', 'sa-east back org_a']);
  });

  it('needs different hosts: many monitors of one host are one', async () => {
    const shard = await newShard();
    const monitors = await monitorsOf('org_a', 20, ['sa-east']);
    const url = (n: number) => urlByName(`one.example:${8000 + n}`, monitors[n]?.id ?? '');
    await checkAll(
      shard,
      monitors.map((monitor, n) => ({ ...monitor, config: { ...monitor.config, url: url(n) } })),
    );
    expect(changesIn(await eventsOf(shard))).toEqual([]);
  });
});

describe('an organization whose 70 monitors fail from three chosen locations', () => {
  it('makes them dark for itself only: another one keeps all its voters, and is paged', async () => {
    const shard = await newShard();
    const hostile = await monitorsOf('org_hostile', 70, CHOSEN);
    await checkAll(shard, hostile);
    expect(changesIn(await eventsOf(shard)).toSorted()).toEqual(
      CHOSEN.map((id) => `${id} dark org_hostile`).toSorted(),
    );

    const well = await monitorsOf('org_b', 1, []);
    const down = await monitorsOf('org_b', 1, LOCATION_IDS);
    const downThere = await monitorsOf('org_b', 1, CHOSEN, { locations: [...CHOSEN] });
    const partly = await monitorsOf('org_b', 1, ['us-east', 'us-west', 'eu-west', 'sa-east']);
    const innocent = [well, down, downThere, partly].flat();
    const rounds = await checkAll(shard, [...hostile, ...innocent]);
    const verdicts = innocent.map(({ id }) => rounds.find(({ monitorId }) => monitorId === id));
    expect(verdicts.map((round) => [round?.status, round?.failing.length, round?.excluded])).toEqual([
      ['up', 0, []],
      ['down', expect.any(Number), []],
      ['down', expect.any(Number), []],
      ['down', 4, []],
    ]);
    expect((await firing(shard)).toSorted()).toEqual(
      [down, downThere, partly]
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    );
  });
});

describe('a location from which six organizations with six sites fail', () => {
  it('is dark for everybody, but leaves no monitor without a voter', async () => {
    const shard = await newShard();
    const six = Array.from({ length: 6 }, (_, n) => monitorsOf(`org_${n}`, 1, ['sa-east']));
    await checkAll(shard, (await Promise.all(six)).flat());
    expect(changesIn(await eventsOf(shard))).toEqual(['sa-east dark everybody']);

    const other = await monitorsOf('org_other', 1, ['sa-east'], { quorum: 1 });
    const only = await monitorsOf('org_only', 1, ['sa-east'], { locations: ['sa-east'] });
    const lucky = await monitorsOf('org_lucky', 1, []);
    const rounds = await checkAll(shard, [other, only, lucky].flat());
    const verdicts = [other, only, lucky].flat().map(({ id }) => rounds.find(({ monitorId }) => monitorId === id));
    expect(verdicts.map((round) => [round?.status, round?.excluded])).toEqual([
      ['up', ['sa-east']],
      ['down', []],
      ['up', []],
    ]);
    await evictDurableObject(shardOf(shard));
    expect((await shardOf(shard).inspect()).dark.everybody).toEqual(['sa-east']);
  });
});

describe("the operator's canaries", () => {
  const names = ['one.example', 'two.example', 'three.example'];

  /** Canaries that fail from some locations, as a setting. */
  async function canaries(failAt: readonly LocationId[]): Promise<string> {
    const targets = names.map((host) => ({ host, monitor: newMonitor() }));
    for (const { monitor } of targets) await behave(monitor, { failAt });
    return targets.map(({ host, monitor }) => urlByName(host, monitor.target)).join(',');
  }

  async function cron(CANARY_URLS: string): Promise<void> {
    const context = createExecutionContext();
    await worker.scheduled(createScheduledController(), { ...bindings, ...probesByName(), CANARY_URLS });
    await waitOnExecutionContext(context);
  }

  it('are checked by the cron, and decide for every shard what is dark for everybody', async () => {
    const shard = await newShard();
    await cron(await canaries(['eu-west']));
    expect((await shardOf(shard).inspect()).dark).toEqual({ everybody: ['eu-west'], organizations: {} });
    const [round] = await checkAll(shard, await monitorsOf('org_b', 1, ['eu-west']));
    expect(round).toMatchObject({ status: 'up', excluded: ['eu-west'] });
    await cron(await canaries([]));
    expect(changesIn(await untilEvents(shard, 'location.state', 2))).toEqual([
      'eu-west dark everybody',
      'eu-west back everybody',
    ]);
  });

  it('overrule what organizations find', async () => {
    const shard = await newShard();
    await cron(await canaries([]));
    const six = Array.from({ length: 6 }, (_, n) => monitorsOf(`org_${n}`, 1, ['sa-east']));
    await checkAll(shard, (await Promise.all(six)).flat());
    expect((await shardOf(shard).inspect()).dark).toEqual(NOTHING_DARK);
  });

  it.each([
    'https://one.example/',
    'https://a.one.example/,https://b.one.example/,https://two.example/',
    'three words',
  ])('that cannot be used (%s) make nothing dark', async (urls) => {
    const shard = await newShard();
    await checkCanaries({ ...bindings, ...probesByName(), CANARY_URLS: urls }, [shard]);
    expect((await shardOf(shard).inspect()).dark).toEqual(NOTHING_DARK);
  });
});
