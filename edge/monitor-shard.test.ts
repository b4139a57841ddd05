import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { CheckResult } from '#domain/check/result.ts';
import { slotAtOrBefore, slotsBetween } from '#domain/check/schedule.ts';
import type { AssignedMonitor, ProbeRequest, RoundJudgedEvent } from '#domain/wire/wire.ts';
import type { MonitorShard } from '#edge/monitor-shard.ts';
import {
  assign,
  batchesOf,
  behave,
  bindings,
  eventsOf,
  hitsOf,
  newMonitor,
  newShardName,
  order,
  resultsOf,
  setReception,
  shardOf,
  until,
  untilEvents,
  untilResults,
} from '#tests/edge/shard.ts';

/** Half of the shortest interval. A round held up by a slow target is late by the whole delay of the target. */
const ON_TIME_MS = 2_500;

/** Ends the shard while it works. The next call reaches a new object over the same storage. */
async function kill(shard: string): Promise<void> {
  const died = runInDurableObject<MonitorShard, void>(shardOf(shard), (_, state) => state.abort('killed by the test'));
  await expect(died).rejects.toThrow('killed by the test');
}

/** Deletes the shard's alarm, as if the platform had lost it. */
async function loseAlarm(shard: string): Promise<void> {
  await runInDurableObject<MonitorShard, void>(shardOf(shard), (_, state) => state.storage.deleteAlarm());
}

/** Evicts the shard, with its last alarm dated back by `ms`. */
async function sleep(shard: string, ms: number): Promise<void> {
  const past = Date.now() - ms;
  await runInDurableObject<MonitorShard, void>(shardOf(shard), async (_, state) => {
    await state.storage.deleteAlarm();
    state.storage.sql.exec("UPDATE monitors SET from_ms = ?, state = json_set(state, '$.takenMs', ?)", past, past);
    state.storage.sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('cursorMs', ?)", String(past));
  });
  await evictDurableObject(shardOf(shard));
}

async function untilQuiet(shard: string): Promise<void> {
  await until('a quiet shard', async () => {
    const { outboxDepth, openRounds } = await shardOf(shard).inspect();
    return outboxDepth === 0 && openRounds === 0 ? true : null;
  });
}

/** Starts a round of every monitor at once, by changing a setting of its check. */
async function nextRounds(shard: string, monitors: readonly AssignedMonitor[]): Promise<void> {
  const judgedBefore = (await roundsOf(shard)).length;
  const { version } = await shardOf(shard).inspect();
  const changed = monitors.map((monitor) => ({ ...monitor, timeoutMs: 20_000 + version }));
  expect((await assign(shard, version + 1, changed)).status).toBe(200);
  await until('the rounds', async () =>
    (await roundsOf(shard)).length >= judgedBefore + monitors.length ? true : null,
  );
  await untilQuiet(shard);
}

async function roundsOf(shard: string): Promise<RoundJudgedEvent[]> {
  return (await eventsOf(shard)).flatMap((event) => (event.kind === 'round.judged' ? [event] : []));
}

/** Checks that did not start in their slot. The first round is left out: it starts when the monitor is made. */
function startedLate(results: readonly CheckResult[], monitorId: string): CheckResult[] {
  const own = results.filter((result) => result.monitorId === monitorId);
  const first = Math.min(...own.map((result) => Date.parse(result.scheduledAt)));
  return own.filter((result) => {
    const slot = Date.parse(result.scheduledAt);
    return slot > first && Date.parse(result.startedAt) - slot > ON_TIME_MS;
  });
}

async function statuses(shard: string): Promise<string[]> {
  return (await eventsOf(shard)).flatMap((event) => (event.kind === 'monitor.status' ? [event.status] : []));
}

async function alerts(shard: string): Promise<string[]> {
  return (await eventsOf(shard)).flatMap((event) =>
    event.kind === 'alert.triggered' ? [`${event.to} ${event.cause}`] : [],
  );
}

describe('a round', () => {
  it('asks every location once, on the grid, and tells the core once', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    const before = Date.now();
    expect(await (await assign(shard, 1, [monitor])).json()).toEqual({ applied: true, version: 1 });

    const results = await untilResults(shard, 6);
    const slot = slotAtOrBefore({ monitorId: monitor.id, intervalSeconds: 3600 }, before);
    expect(results.map((result) => result.location).sort()).toEqual([...LOCATION_IDS].sort());
    expect(new Set(results.map((result) => result.scheduledAt))).toEqual(new Set([new Date(slot).toISOString()]));
    expect(results.every((result) => result.outcome === 'success' && result.attempts === 1)).toBe(true);
    expect(await untilEvents(shard, 'monitor.status', 1)).toMatchObject([
      { monitorId: monitor.id, previous: 'pending', status: 'up' },
    ]);
    const hits = await hitsOf(monitor);
    expect(hits.map((hit) => hit.location).sort()).toEqual([...LOCATION_IDS].sort());
    expect(hits.every((hit) => hit.userAgent?.includes('BlackTide'))).toBe(true);

    // A repeated or early alarm starts no round twice.
    await runDurableObjectAlarm(shardOf(shard));
    await untilQuiet(shard);
    expect(await resultsOf(shard)).toHaveLength(6);
    expect(await hitsOf(monitor)).toHaveLength(6);
  });

  it('comes by itself, every slot once', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ intervalSeconds: 5, locations: ['us-east'] });
    await assign(shard, 1, [monitor]);
    const results = await untilResults(shard, 3);
    const slots = results.map((result) => Date.parse(result.scheduledAt));
    const [first = 0] = slots;
    expect(slots).toEqual([first, first + 5000, first + 10_000]);
    expect(startedLate(results, monitor.id)).toEqual([]);
  });

  it('is not held up by a target that is slow', async () => {
    const shard = newShardName();
    const slow = newMonitor({ timeoutMs: 30_000 });
    // A check that a busy machine stalls ends long before the slow one, with its second attempt.
    const fast = Array.from({ length: 5 }, () => newMonitor({ intervalSeconds: 5, timeoutMs: 5_000 }));
    await behave(slow, { hold: true });
    await assign(shard, 1, [slow, ...fast]);
    // The first round and the next one of every fast monitor.
    await untilResults(shard, 60);
    const results = await resultsOf(shard);
    expect(results.some((result) => result.monitorId === slow.id)).toBe(false);
    for (const monitor of fast) expect(startedLate(results, monitor.id)).toEqual([]);
    await until('only the slow round', async () => ((await shardOf(shard).inspect()).openRounds === 1 ? true : null));
    await behave(slow, {});
    await until('the slow one', async () =>
      (await resultsOf(shard)).filter((result) => result.monitorId === slow.id).length === 6 ? true : null,
    );
  });

  it('names the one location that fails: degraded, and nobody is alarmed', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await behave(monitor, { failAt: ['eu-west'] });
    await assign(shard, 1, [monitor]);
    const [status] = await untilEvents(shard, 'monitor.status', 1);
    expect(status).toMatchObject({
      status: 'degraded',
      failing: [{ location: 'eu-west', reason: 'status_unexpected' }],
    });
    await untilQuiet(shard);
    expect(await alerts(shard)).toEqual([]);
    const failed = (await resultsOf(shard)).filter((result) => result.outcome === 'failure');
    expect(failed).toMatchObject([{ location: 'eu-west', statusCode: 503, attempts: 2 }]);
  });

  it('ends although a location does not answer, and does not call that down', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await assign(shard, 1, []);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
      const broken = { fetch: () => Promise.reject(new Error('the location is down')) };
      Object.assign(instance, { env: { ...bindings, PROBE_SA_EAST: broken } });
    });
    await assign(shard, 2, [monitor]);
    await untilResults(shard, 6);
    await untilQuiet(shard);
    const errors = (await resultsOf(shard)).filter((result) => result.outcome === 'error');
    expect(errors).toMatchObject([
      { location: 'sa-east', reason: 'location_unavailable', detail: 'the location is down', attempts: 0 },
    ]);
    expect(await statuses(shard)).toEqual(['up']);
  });

  it('ends although a location breaks off in the middle of a line', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await assign(shard, 1, []);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
      const broken = { fetch: async () => new Response('{"key":"half a li') };
      Object.assign(instance, { env: { ...bindings, PROBE_EU_WEST: broken } });
    });
    await assign(shard, 2, [monitor]);
    await untilResults(shard, 6);
    const errors = (await resultsOf(shard)).filter((result) => result.outcome === 'error');
    expect(errors).toMatchObject([{ location: 'eu-west', reason: 'probe_error' }]);
  });
});

describe('rounds that overlap', () => {
  it('are judged in the order of their slots: a failure that comes late is told before the recovery', async () => {
    const shard = newShardName();
    await assign(shard, 1, []);
    const late = Promise.withResolvers<void>();
    let asked = 0;
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
      const location = {
        fetch: async (_url: string, { body }: { body: string }) => {
          const [check] = (JSON.parse(body) as ProbeRequest).checks;
          asked += 1;
          const isFirst = asked === 1;
          if (isFirst) await late.promise;
          const outcome = { outcome: isFirst ? 'failure' : 'success', responseTimeMs: null };
          const answer = { key: check?.key, outcome, attempts: 1, startedAt: new Date().toISOString(), colo: 'IAD' };
          return new Response(`${JSON.stringify(answer)}\n`);
        },
      };
      Object.assign(instance, { env: { ...bindings, PROBE_US_EAST: location } });
    });
    const monitor = newMonitor({ locations: ['us-east'], intervalSeconds: 5 });
    await assign(shard, 2, [monitor]);
    await untilResults(shard, 1);
    expect(await statuses(shard)).toEqual([]);
    late.resolve();
    await untilEvents(shard, 'alert.triggered', 2);
    expect((await roundsOf(shard)).slice(0, 2).map((round) => round.status)).toEqual(['down', 'up']);
    expect(await statuses(shard)).toEqual(['down', 'up']);
    expect(await alerts(shard)).toEqual(['firing observed', 'resolved observed']);

    // The younger round had waited for the older one. It is not open any more, and an eviction judges neither again.
    await untilQuiet(shard);
    await evictDurableObject(shardOf(shard));
    await untilQuiet(shard);
    const judged = (await roundsOf(shard)).map((round) => round.scheduledAt);
    expect(judged).toEqual([...new Set(judged)]);
    expect(await statuses(shard)).toEqual(['down', 'up']);
    expect(await alerts(shard)).toEqual(['firing observed', 'resolved observed']);
  });
});

describe('a check that a person asked for', () => {
  it('is stored, and counts neither for the status nor for alerts nor as a round', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await assign(shard, 1, [monitor]);
    await untilEvents(shard, 'monitor.status', 1);
    await untilQuiet(shard);
    await behave(monitor, { status: 500 });
    const body = { v: 1, requestedAt: new Date().toISOString() };
    const path = `/edge/v1/shards/${shard}/monitors/${monitor.id}/check`;
    expect((await order('POST', path, body)).status).toBe(202);
    await untilResults(shard, 12);
    await untilQuiet(shard);
    const manual = (await resultsOf(shard)).filter((result) => result.manual);
    expect(manual.map((result) => result.outcome)).toEqual(Array(6).fill('failure'));
    expect(await statuses(shard)).toEqual(['up']);
    expect(await alerts(shard)).toEqual([]);
    expect(await roundsOf(shard)).toHaveLength(1);
  });
});

describe('a monitor that is corrected', () => {
  it('is checked at once, and a round on its way for the old configuration does not judge it', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await behave(monitor, { status: 500, hold: true });
    await assign(shard, 1, [monitor]);
    await until('the round on its way', async () => ((await hitsOf(monitor)).length === 6 ? true : null));
    const good = newMonitor();
    await assign(shard, 2, [{ ...monitor, config: good.config }]);
    const [status] = await untilEvents(shard, 'monitor.status', 1);
    expect(status).toMatchObject({ status: 'up', previous: 'pending' });
    await behave(monitor, { status: 500 });
    await untilResults(shard, 12);
    await untilQuiet(shard);
    expect((await roundsOf(shard)).map(({ status, cause }) => [status, cause])).toEqual([
      ['unknown', 'changed'],
      ['up', undefined],
    ]);
    expect(await statuses(shard)).toEqual(['up']);
    expect(await alerts(shard)).toEqual([]);
  });
});

describe('a location that hangs', () => {
  it('ends at the deadline, before its head and after it', async () => {
    const shard = newShardName();
    await assign(shard, 1, []);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
      const beforeHead = { fetch: () => new Promise<Response>(() => undefined) };
      const afterHead = { fetch: async () => new Response(new ReadableStream()) };
      Object.assign(instance, { env: { ...bindings, PROBE_US_WEST: beforeHead, PROBE_US_EAST: afterHead } });
    });
    // On a busy machine the answers of the other locations may be void, too.
    await assign(shard, 2, [newMonitor({ timeoutMs: 500 })]);
    const answerAt = (location: LocationId) =>
      until(`the answer in the place of ${location}`, async () =>
        (await resultsOf(shard)).find((result) => result.location === location),
      );
    const detail = 'no answer within 6000 ms';
    expect(await answerAt('us-west')).toMatchObject({ reason: 'location_unavailable', detail });
    expect(await answerAt('us-east')).toMatchObject({ reason: 'probe_error', detail });
    await untilQuiet(shard);
    expect(await statuses(shard)).not.toContain('down');
    expect(await alerts(shard)).toEqual([]);
  });
});

describe('an alert', () => {
  it('fires when the quorum is down and is resolved when it is back', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await behave(monitor, { status: 500 });
    await assign(shard, 1, [monitor]);
    const [fired] = await untilEvents(shard, 'alert.triggered', 1);
    expect(fired).toMatchObject({ to: 'firing', severity: 'critical', ruleId: 'rul_default', cause: 'observed' });
    expect(fired?.summary).toMatch(/of 6 locations failed/);
    await untilQuiet(shard);
    await nextRounds(shard, [monitor]);
    expect(await alerts(shard)).toEqual(['firing observed']);
    await behave(monitor, {});
    await nextRounds(shard, [monitor]);
    const [, resolved] = await untilEvents(shard, 'alert.triggered', 2);
    expect(resolved).toMatchObject({ to: 'resolved', alertId: fired?.alertId });
    expect(await statuses(shard)).toEqual(['down', 'up']);
  });

  it('counts on after an eviction', async () => {
    const shard = newShardName();
    const rule = {
      id: 'rul_two',
      condition: { type: 'consecutiveFailures', count: 2 },
      severity: 'major',
      recoveryCount: 1,
    } as const;
    const monitor = newMonitor({ rules: [rule] });
    await behave(monitor, { status: 500 });
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 6);
    await untilQuiet(shard);
    expect(await alerts(shard)).toEqual([]);
    await evictDurableObject(shardOf(shard));
    await nextRounds(shard, [monitor]);
    expect(await alerts(shard)).toEqual(['firing observed']);
  });

  it.each([
    ['paused', (monitor: ReturnType<typeof newMonitor>) => [{ ...monitor, enabled: false }]],
    ['rule_removed', (monitor: ReturnType<typeof newMonitor>) => [{ ...monitor, rules: [] }]],
    ['deleted', () => []],
  ])('ends when its monitor or rule goes: %s', async (cause, change) => {
    const shard = newShardName();
    const monitor = newMonitor();
    await behave(monitor, { status: 500 });
    await assign(shard, 1, [monitor]);
    await untilEvents(shard, 'alert.triggered', 1);
    await untilQuiet(shard);
    await assign(shard, 2, change(monitor));
    await untilEvents(shard, 'alert.triggered', 2);
    expect(await alerts(shard)).toEqual(['firing observed', `resolved ${cause}`]);
    expect(await statuses(shard)).toEqual(cause === 'paused' ? ['down', 'paused'] : ['down']);
  });

  it('goes on under the rule that takes the place of its own: nobody is told twice', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await behave(monitor, { status: 500 });
    await assign(shard, 1, [monitor]);
    const [fired] = await untilEvents(shard, 'alert.triggered', 1);
    await untilQuiet(shard);
    const own = {
      id: 'rul_own',
      condition: { type: 'consecutiveFailures', count: 3 },
      severity: 'major',
      recoveryCount: 1,
    } as const;
    const heir = { ...monitor, rules: [own] };
    await assign(shard, 2, [heir]);
    await nextRounds(shard, [heir]);
    expect(await alerts(shard)).toEqual(['firing observed']);
    await behave(monitor, {});
    await nextRounds(shard, [heir]);
    const [, resolved] = await untilEvents(shard, 'alert.triggered', 2);
    expect(resolved).toMatchObject({ to: 'resolved', alertId: fired?.alertId, ruleId: 'rul_own', cause: 'observed' });
  });
});

describe('a monitor that is paused while it is down, and resumed within the same slot', () => {
  it('alarms anew: its new alert is not taken for the one that has ended', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await behave(monitor, { status: 500 });
    await assign(shard, 1, [monitor]);
    await untilEvents(shard, 'alert.triggered', 1);
    await untilQuiet(shard);
    await assign(shard, 2, [{ ...monitor, enabled: false }]);
    await assign(shard, 3, [monitor]);
    const [first, ended, second] = await untilEvents(shard, 'alert.triggered', 3);
    expect([first, ended, second]).toMatchObject([{ to: 'firing' }, { to: 'resolved' }, { to: 'firing' }]);
    expect(ended?.alertId).toBe(first?.alertId);
    expect(second?.alertId).not.toBe(first?.alertId);
  });

  it('alarms anew, too, when the round it was paused in is still on its way', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await behave(monitor, { status: 500 });
    await assign(shard, 1, []);
    const late = Promise.withResolvers<void>();
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
      const location = {
        fetch: async (...request: Parameters<Fetcher['fetch']>) => {
          await late.promise;
          return bindings.PROBE_SA_EAST.fetch(...request);
        },
      };
      Object.assign(instance, { env: { ...bindings, PROBE_SA_EAST: location } });
    });
    await assign(shard, 2, [monitor]);
    await untilEvents(shard, 'alert.triggered', 1);
    await assign(shard, 3, [{ ...monitor, enabled: false }]);
    await assign(shard, 4, [monitor]);
    late.resolve();
    await untilEvents(shard, 'alert.triggered', 3);
    await untilQuiet(shard);
    expect(await alerts(shard)).toEqual(['firing observed', 'resolved paused', 'firing observed']);
    expect(await statuses(shard)).toEqual(['down', 'paused', 'pending', 'down']);
  });
});

describe('an assignment', () => {
  it('is applied only when it is newer', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await assign(shard, 5, [monitor]);
    expect(await (await assign(shard, 5, [])).json()).toEqual({ applied: false, version: 5 });
    expect(await (await assign(shard, 4, [])).json()).toEqual({ applied: false, version: 5 });
    expect(await shardOf(shard).inspect()).toMatchObject({ monitors: 1, version: 5 });
    expect(await (await assign(shard, 6, [])).json()).toEqual({ applied: true, version: 6 });
    expect((await shardOf(shard).inspect()).monitors).toBe(0);
  });

  it('that cannot be stored changes nothing, and is taken when it comes again', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await assign(shard, 1, []);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (_, state) => {
      state.storage.sql.exec('ALTER TABLE ticks RENAME TO ticks_elsewhere');
    });
    expect((await assign(shard, 2, [monitor])).status).toBe(500);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (_, state) => {
      state.storage.sql.exec('DROP TABLE IF EXISTS ticks');
      state.storage.sql.exec('ALTER TABLE ticks_elsewhere RENAME TO ticks');
    });
    expect(await (await assign(shard, 2, [monitor])).json()).toEqual({ applied: true, version: 2 });
    await untilResults(shard, 6);
    await untilQuiet(shard);
    await evictDurableObject(shardOf(shard));
    expect(await shardOf(shard).inspect()).toMatchObject({ monitors: 1, version: 2 });
  });

  describe('with a monitor that is not understood here', () => {
    type Monitor = ReturnType<typeof newMonitor>;
    /** An assignment of a newer core. */
    const strange = (monitor: Monitor) => ({ ...monitor, type: 'telepathy' }) as unknown as Monitor;

    it('is taken for all the others', async () => {
      const shard = newShardName();
      const [good, bad] = [newMonitor(), newMonitor()];
      const answer = await assign(shard, 1, [good, strange(bad), 'nonsense' as unknown as Monitor]);
      expect(await answer.json()).toEqual({ applied: true, version: 1 });
      await untilResults(shard, 6);
      expect(await shardOf(shard).inspect()).toMatchObject({ monitors: 1, notUnderstood: 2 });
      expect(await hitsOf(bad)).toEqual([]);
    });

    it('checks it no more, shows it as unknown and lets its alert fire, until it is understood again', async () => {
      const shard = newShardName();
      const monitor = newMonitor();
      await behave(monitor, { status: 500 });
      await assign(shard, 1, [monitor]);
      await untilEvents(shard, 'alert.triggered', 1);
      await untilQuiet(shard);
      const before = (await hitsOf(monitor)).length;

      await assign(shard, 2, [strange(monitor)]);
      await untilEvents(shard, 'monitor.status', 2);
      await sleep(shard, 2 * 3600_000);
      await runDurableObjectAlarm(shardOf(shard));
      await untilQuiet(shard);
      expect(await statuses(shard)).toEqual(['down', 'unknown']);
      expect(await hitsOf(monitor)).toHaveLength(before);
      expect(await alerts(shard)).toEqual(['firing observed']);

      await behave(monitor, { status: 200 });
      await assign(shard, 3, [monitor]);
      await untilEvents(shard, 'alert.triggered', 2);
      expect(await alerts(shard)).toEqual(['firing observed', 'resolved observed']);
      expect(await statuses(shard)).toEqual(['down', 'unknown', 'pending', 'up']);
      expect(await shardOf(shard).inspect()).toMatchObject({ monitors: 1, notUnderstood: 0 });
    });

    it('ends its alert when it is understood again as paused, and when it is gone', async () => {
      const shard = newShardName();
      const [paused, gone] = [newMonitor(), newMonitor()];
      for (const monitor of [paused, gone]) await behave(monitor, { status: 500 });
      await assign(shard, 1, [paused, gone]);
      await untilEvents(shard, 'alert.triggered', 2);
      await assign(shard, 2, [strange(paused), strange(gone)]);
      await assign(shard, 3, [{ ...paused, enabled: false }]);
      const ends = (await untilEvents(shard, 'alert.triggered', 4)).slice(2);
      expect(Object.fromEntries(ends.map((event) => [event.monitorId, event.cause]))).toEqual({
        [paused.id]: 'paused',
        [gone.id]: 'deleted',
      });
    });

    it('leaves it paused when it was', async () => {
      const shard = newShardName();
      const monitor = newMonitor({ enabled: false });
      await assign(shard, 1, [monitor]);
      await assign(shard, 2, [strange(monitor)]);
      await assign(shard, 3, [monitor]);
      await untilQuiet(shard);
      expect(await statuses(shard)).toEqual(['paused']);
    });
  });

  it('leaves monitors alone that it does not change', async () => {
    const shard = newShardName();
    const [kept, added] = [newMonitor(), newMonitor()];
    await assign(shard, 1, [kept]);
    await untilResults(shard, 6);
    await assign(shard, 2, [kept, added]);
    await untilResults(shard, 12);
    expect(await hitsOf(kept)).toHaveLength(6);
    expect(await hitsOf(added)).toHaveLength(6);
  });

  it('does not push away an alarm that is due', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ locations: ['us-east'] });
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 1);
    await untilQuiet(shard);
    await sleep(shard, 2 * 3600_000);
    await assign(shard, 2, [{ ...monitor, name: 'Another name' }]);
    // The missed slot, and the newest one.
    await untilResults(shard, 3);
  });

  it('starts a resumed monitor at once, and one that gets another cadence', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ enabled: false });
    await assign(shard, 1, [monitor]);
    await untilEvents(shard, 'monitor.status', 1);
    expect((await shardOf(shard).inspect()).nextAlarmAt).not.toBe(undefined);
    await assign(shard, 2, [{ ...monitor, enabled: true }]);
    await untilResults(shard, 6);
    await assign(shard, 3, [{ ...monitor, enabled: true, intervalSeconds: 1800 }]);
    await until('another round', async () => ((await hitsOf(monitor)).length === 12 ? true : null));
    await untilQuiet(shard);
    expect(await statuses(shard)).toEqual(['paused', 'pending', 'up']);
  });
});

describe('an eviction', () => {
  it('turns what it interrupted into missed slots, once, and keeps what was known', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ locations: ['us-east', 'us-west'] });
    await behave(monitor, { hold: true });
    await assign(shard, 1, [monitor]);
    await until('a round on its way', async () => ((await hitsOf(monitor)).length === 2 ? true : null));
    await kill(shard);
    await runDurableObjectAlarm(shardOf(shard));
    await untilResults(shard, 2);
    await untilQuiet(shard);
    const results = await resultsOf(shard);
    expect(results.map((result) => result.location).sort()).toEqual(['us-east', 'us-west']);
    expect(results.every((result) => result.outcome === 'error' && result.reason === 'missed_slot')).toBe(true);
    expect(results[0]?.detail).toMatch(/restarted/);
    // No check was made, so the status does not change.
    expect(await statuses(shard)).toEqual([]);
    await evictDurableObject(shardOf(shard));
    await runDurableObjectAlarm(shardOf(shard));
    await untilQuiet(shard);
    expect(await resultsOf(shard)).toHaveLength(2);
  });

  it('does not count a round twice that was judged before its last location answered', async () => {
    const shard = newShardName();
    const rule = {
      id: 'rul_two',
      condition: { type: 'consecutiveFailures', count: 2 },
      severity: 'major',
      recoveryCount: 1,
    } as const;
    const monitor = newMonitor({ rules: [rule], timeoutMs: 30_000 });
    await behave(monitor, { status: 500 });
    await assign(shard, 1, []);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
      const hanging = { fetch: () => new Promise<Response>(() => undefined) };
      Object.assign(instance, { env: { ...bindings, PROBE_SA_EAST: hanging } });
    });
    await assign(shard, 2, [monitor]);
    await untilResults(shard, 5);
    expect(await statuses(shard)).toEqual(['down']);
    await kill(shard);
    await runDurableObjectAlarm(shardOf(shard));
    await untilResults(shard, 6);
    await untilQuiet(shard);
    expect(await alerts(shard)).toEqual([]);
    await nextRounds(shard, [monitor]);
    expect(await alerts(shard)).toEqual(['firing observed']);
  });

  it('does not lose the answers that were in before it', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ locations: ['us-east', 'us-west', 'eu-west'] });
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 3);
    await untilQuiet(shard);
    await evictDurableObject(shardOf(shard));
    await checkNowThree(shard, monitor);
    const ids = (await resultsOf(shard)).map((result) => result.id);
    expect(new Set(ids).size).toBe(6);
  });

  it('leaves no hole when alarms were lost: every slot of the gap is told as missed', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ intervalSeconds: 60, locations: ['us-east'] });
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 1);
    await untilQuiet(shard);
    const gapMs = 600_000;
    const fromMs = Date.now() - gapMs;
    await sleep(shard, gapMs);
    await shardOf(shard).revive();
    await untilQuiet(shard);
    const cadence = { monitorId: monitor.id, intervalSeconds: 60 };
    const expected = slotsBetween(cadence, fromMs, Date.now(), 100).slice(0, -1);
    const missed = (await resultsOf(shard)).filter((result) => result.reason === 'missed_slot');
    for (const slot of expected) expect(missed.map((result) => Date.parse(result.scheduledAt))).toContain(slot);
    expect(missed[0]?.detail).toMatch(/not awake/);
  });

  it('bounds what it tells of a long sleep to the newest hundred slots', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ intervalSeconds: 5, locations: ['us-east'] });
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 1);
    await sleep(shard, 24 * 3600_000);
    await shardOf(shard).revive();
    await untilResults(shard, 102);
    const missed = (await resultsOf(shard)).filter((result) => result.reason === 'missed_slot');
    expect(missed).toHaveLength(100);
  });
});

describe('a clock that is set back', () => {
  it('does not blind the shard until it has caught up', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ intervalSeconds: 5, locations: ['us-east'] });
    await assign(shard, 1, [monitor]);
    await untilEvents(shard, 'monitor.status', 1);
    await untilQuiet(shard);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), async (_, state) => {
      const ahead = Date.now() + 24 * 3600_000;
      await state.storage.deleteAlarm();
      state.storage.sql.exec("UPDATE monitors SET from_ms = ?, state = json_set(state, '$.judgedMs', ?)", ahead, ahead);
      state.storage.sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('cursorMs', ?)", String(ahead));
    });
    await evictDurableObject(shardOf(shard));
    await behave(monitor, { status: 500 });
    await shardOf(shard).revive();
    await untilEvents(shard, 'alert.triggered', 1);
    expect(await statuses(shard)).toEqual(['up', 'down']);
  });
});

describe('a lost alarm', () => {
  it('is set again by the cron', async () => {
    const shard = newShardName();
    const monitor = newMonitor({ intervalSeconds: 5, locations: ['us-east'] });
    await assign(shard, 1, [monitor]);
    await untilResults(shard, 1);
    await loseAlarm(shard);
    expect((await shardOf(shard).inspect()).nextAlarmAt).toBeNull();
    await shardOf(shard).revive();
    expect((await shardOf(shard).inspect()).nextAlarmAt).not.toBeNull();
    await untilResults(shard, 2);
  });
});

describe('the outbox', () => {
  it('keeps everything until the core acknowledges it, then sends it in order and once', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await setReception(shard, 'refuse');
    await assign(shard, 1, [monitor]);
    await until('a refusal', async () => ((await batchesOf(shard)).length > 1 ? true : null));
    await checkNowRefused(shard, monitor);
    expect((await shardOf(shard).inspect()).outboxDepth).toBe(14);
    await setReception(shard, 'accept');
    await untilResults(shard, 12);
    await untilQuiet(shard);
    const results = await resultsOf(shard);
    expect(results).toHaveLength(12);
    expect(results.map((result) => result.manual)).toEqual([...Array(6).fill(false), ...Array(6).fill(true)]);
  });

  it('sends again what was taken but not acknowledged, with the same ids', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await setReception(shard, 'take-and-fail');
    await assign(shard, 1, [monitor]);
    await until('an attempt', async () => ((await batchesOf(shard)).length > 0 ? true : null));
    await setReception(shard, 'accept');
    await untilResults(shard, 6);
    const [first, ...others] = await batchesOf(shard);
    const last = others.at(-1);
    expect(last?.status).toBe(202);
    for (const event of first?.events ?? []) expect(last?.events).toContainEqual(event);
  });

  it('survives an eviction', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    await setReception(shard, 'refuse');
    await assign(shard, 1, [monitor]);
    await until('a full outbox', async () => ((await shardOf(shard).inspect()).outboxDepth === 8 ? true : null));
    await kill(shard);
    await setReception(shard, 'accept');
    await runDurableObjectAlarm(shardOf(shard));
    await untilResults(shard, 6);
    await untilQuiet(shard);
    // The core may have accepted the last delivery of the killed shard, too. The ids are the same, so it stores them once.
    const ids = (await eventsOf(shard)).map((event) => (event.kind === 'check.completed' ? event.result.id : event.id));
    expect(new Set(ids).size).toBe(8);
  });

  it('keeps a batch that the core calls malformed', async () => {
    const shard = newShardName();
    await setReception(shard, 'malformed');
    await assign(shard, 1, [newMonitor()]);
    await until('an attempt', async () => ((await batchesOf(shard)).length > 0 ? true : null));
    expect((await shardOf(shard).inspect()).outboxDepth).toBeGreaterThan(0);
  });
});

async function checkNowThree(shard: string, monitor: { id: string }): Promise<void> {
  await shardOf(shard).checkNow(monitor.id, Date.now());
  await untilResults(shard, 6);
}

async function checkNowRefused(shard: string, monitor: { id: string }): Promise<void> {
  await shardOf(shard).checkNow(monitor.id, Date.now());
  await until('a second round', async () => ((await shardOf(shard).inspect()).outboxDepth >= 14 ? true : null));
}
