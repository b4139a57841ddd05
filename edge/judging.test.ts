import { describe, expect, it } from 'vitest';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { type HttpConfig, httpConfigSchema } from '#domain/check/monitor.ts';
import { type ProbeAnswer, type ProbeRequest, probeAnswerSchema } from '#domain/wire/wire.ts';
import { assign, behave, newMonitor, newShardName, until, untilEvents, untilResults } from '#tests/edge/shard.ts';
import probeWorker from './probe-worker.ts';

/** `a` and `b` in an order that no automaton learns: a search for COSTLY needs a new state for every character. */
let state = 1;
const NOISE = Array.from({ length: 60_000 }, () => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return (state >> 16) & 1 ? 'a' : 'b';
}).join('');
const COSTLY: HttpConfig['assertions'] = [{ source: 'body', compare: 'notMatches', value: '(?:a|b)*a(?:a|b){150}c' }];

interface Whose {
  readonly monitor?: string;
  readonly organization: string;
}

async function outcomeOf(target: { config: { url: string } }, assertions: HttpConfig['assertions'], whose: Whose) {
  const spec = { type: 'http', config: httpConfigSchema.parse({ url: target.config.url, assertions }) };
  const check: ProbeRequest['checks'][number] = {
    key: 'one',
    timeoutMs: 20_000,
    traceId: 'a'.repeat(32),
    confirm: false,
    transcript: false,
    spec: JSON.stringify(spec),
    ...whose,
  };
  const request = new Request('https://probe/probe', {
    method: 'POST',
    body: JSON.stringify({ v: 1, checks: [check] }),
  });
  const env = { LOCATION: 'eu-central', ALLOW_PRIVATE_TARGETS: 'true' } as const;
  const response = await probeWorker.fetch(request as Parameters<typeof probeWorker.fetch>[0], env);
  const answer: ProbeAnswer = probeAnswerSchema.parse(JSON.parse((await response.text()).trim()));
  return answer.outcome;
}

async function noisyTarget() {
  const target = newMonitor();
  await behave(target, { body: NOISE });
  return target;
}

describe('judging', () => {
  it('gives up on an answer that takes too much work, and says which assertion and why', async () => {
    const outcome = await outcomeOf(await noisyTarget(), COSTLY, { monitor: 'mon_1', organization: 'org_1' });
    expect(outcome).toMatchObject({ outcome: 'failure', reason: 'assertion_unevaluable', statusCode: 200 });
    expect(outcome?.detail).toContain(
      'expected body not to match "(?:a|b)*a(?:a|b){150}c", but it takes too much work',
    );
  });

  it('stops for a monitor that has used up its time, and for no other', async () => {
    const target = await noisyTarget();
    const whose = { monitor: 'mon_2', organization: 'org_2' };
    const details: (string | undefined)[] = [];
    for (let checks = 0; checks < 3; checks++) details.push((await outcomeOf(target, COSTLY, whose))?.detail);
    expect(details.at(0)).toContain('too much work');
    expect(details.at(-1)).toContain('this monitor has used up its time for judging answers');
    // A cheap answer is judged even when the allowance is used up.
    const small: HttpConfig['assertions'] = [{ source: 'body', compare: 'contains', value: 'abab' }];
    expect(await outcomeOf(target, small, whose)).toMatchObject({ outcome: 'success' });
    expect((await outcomeOf(target, COSTLY, { ...whose, monitor: 'mon_3' }))?.detail).toContain('too much work');
  });

  it('stops for an organization that has used up its time, whatever monitors it makes, and for its tests', async () => {
    const target = await noisyTarget();
    const whose = { organization: 'org_3' };
    const words = 'the organization has used up its time for judging answers';
    let monitors = 0;
    const several = () =>
      Promise.all(
        Array.from({ length: 9 }, () => outcomeOf(target, COSTLY, { ...whose, monitor: `mon_o${monitors++}` })),
      );
    await until('an end of its time', async () =>
      (await several()).some((outcome) => outcome?.detail?.includes(words)),
    );
    const test = () => Promise.all(Array.from({ length: 9 }, () => outcomeOf(target, COSTLY, whose)));
    await until('an end of its tests', async () => (await test()).some((outcome) => outcome?.detail?.includes(words)));
    const strange = await outcomeOf(target, COSTLY, { organization: 'org_4' });
    expect(strange?.detail).not.toContain(words);
  });

  it('does not count the wait for a turn as the time of the target', async () => {
    const target = await noisyTarget();
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        outcomeOf(target, COSTLY, { monitor: `mon_t${index}`, organization: `org_t${index}` }),
      ),
    );
    for (const outcome of outcomes) {
      // A check that would wait too long is not judged by this location: it has no vote, and the target has not failed.
      const expected =
        outcome?.outcome === 'error'
          ? { reason: 'overloaded' }
          : { outcome: 'failure', reason: 'assertion_unevaluable' };
      expect(outcome).toMatchObject(expected);
    }
  });

  it('tells people of a monitor that costs too much, and checks its neighbour meanwhile', async () => {
    const organization = 'org_5';
    const [costly, innocent] = [newMonitor({ organization }), newMonitor({ organization })];
    costly.config.assertions = COSTLY;
    innocent.config.assertions = [{ source: 'body', compare: 'eq', value: 'fine' }];
    await behave(costly, { body: NOISE });
    await behave(innocent, { body: 'fine' });
    const shard = newShardName();
    await assign(shard, 1, [costly, innocent]);
    const results = await untilResults(shard, 2 * LOCATION_IDS.length);
    const of = (monitor: { id: string }) => results.filter(({ monitorId }) => monitorId === monitor.id);
    expect(of(innocent).map(({ outcome }) => outcome)).toEqual(LOCATION_IDS.map(() => 'success'));
    const judged = of(costly).filter(({ reason }) => reason !== 'overloaded' && reason !== 'connection_reset');
    expect(judged.length).toBeGreaterThan(LOCATION_IDS.length / 2);
    for (const result of judged) expect(result).toMatchObject({ outcome: 'failure', reason: 'assertion_unevaluable' });
    const [alert] = await untilEvents(shard, 'alert.triggered', 1);
    expect(alert).toMatchObject({ monitorId: costly.id, to: 'firing' });
    expect(alert?.summary).toContain('too much work');
  });
});
