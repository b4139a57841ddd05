import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '../check/location.ts';
import type { OutcomeKind } from '../check/result.ts';
import { type AssignedMonitor, assignedMonitorSchema } from '../wire/wire.ts';
import { EVIDENCE_MS_MAX } from './dark-location.ts';
import { LocationWatch, NOTHING_DARK } from './location-watch.ts';
import { type Darkness, judgeBallot, type Verdict } from './quorum.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const LATER_MS = NOW_MS + EVIDENCE_MS_MAX + 1;

function monitorOf(organization: string | undefined, name: string, changes: Partial<AssignedMonitor> = {}) {
  const monitor = assignedMonitorSchema.parse({
    id: `mon_${organization}_${name}`,
    name,
    organization,
    intervalSeconds: 60,
    timeoutMs: 10_000,
    locations: LOCATION_IDS,
    enabled: true,
    quorum: null,
    rules: [],
    components: [],
    type: 'http',
    config: { url: `https://${name}.example/` },
  });
  return { ...monitor, ...changes };
}

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** Monitors of an organization have `here` from us-east, and answers from us-west. */
function see(
  watch: LocationWatch,
  organization: string | undefined,
  names: readonly string[],
  nowMs: number,
  here: OutcomeKind = 'failure',
): void {
  for (const name of names) {
    watch.note(monitorOf(organization, name), 'us-east', here, nowMs);
    watch.note(monitorOf(organization, name), 'us-west', 'success', nowMs);
  }
}

function begin(hasCanaries = false): LocationWatch {
  return new LocationWatch(NOTHING_DARK, hasCanaries, NOW_MS);
}

const darkFor = (watch: LocationWatch, organization: string, nowMs = NOW_MS): Darkness =>
  watch.darkFor(monitorOf(organization, 'any'), nowMs);

describe('what one organization causes', () => {
  it('stays with it: 70 monitors that fail from three locations make them dark for nobody else', () => {
    const watch = begin();
    const chosen = LOCATION_IDS.slice(0, 3);
    for (const name of named('h', 70)) {
      for (const location of LOCATION_IDS) {
        watch.note(monitorOf('hostile', name), location, chosen.includes(location) ? 'failure' : 'success', NOW_MS);
      }
    }
    see(watch, 'innocent', ['shop'], NOW_MS, 'failure');
    const changes = watch.look(NOW_MS);
    expect(changes.map(({ organization }) => organization)).toEqual(['hostile', 'hostile', 'hostile']);
    expect(darkFor(watch, 'hostile').own).toEqual(chosen.toSorted());
    expect(darkFor(watch, 'innocent')).toEqual({ own: [], others: [] });
  });

  it('needs five of its hosts: many monitors of one host are one host', () => {
    const watch = begin();
    for (const n of named('m', 70)) {
      const monitor = monitorOf('org', n, {
        config: { ...monitorOf('org', n).config, url: `https://one.example/${n}` },
      });
      for (const location of LOCATION_IDS) {
        watch.note(monitor, location, location === 'us-east' ? 'failure' : 'success', NOW_MS);
      }
    }
    expect(watch.look(NOW_MS)).toEqual([]);
  });

  it('is nothing while the core does not say whose monitors they are', () => {
    const watch = begin();
    see(watch, undefined, named('h', 70), NOW_MS);
    expect(watch.look(NOW_MS)).toEqual([]);
  });
});

describe('what many organizations find', () => {
  const everybody = named('org', 6);

  it('is dark for everybody, also for those who have not looked', () => {
    const watch = begin();
    for (const organization of everybody) see(watch, organization, [organization], NOW_MS);
    expect(watch.look(NOW_MS)).toEqual([{ location: 'us-east', dark: true, atMs: NOW_MS }]);
    expect(darkFor(watch, 'another')).toEqual({ own: [], others: ['us-east'] });
  });

  it('does not concern an organization that gets answers from there', () => {
    const watch = begin();
    for (const organization of named('org', 12)) see(watch, organization, [organization], NOW_MS);
    see(watch, 'lucky', ['lucky'], NOW_MS, 'success');
    watch.look(NOW_MS);
    expect(darkFor(watch, 'another').others).toEqual(['us-east']);
    expect(darkFor(watch, 'lucky').others).toEqual([]);
  });

  it('ends two minutes after it was last proven, though one of them goes on saying so', () => {
    const watch = begin();
    for (const organization of everybody) see(watch, organization, [organization], NOW_MS);
    watch.look(NOW_MS);
    see(watch, 'org1', ['org1'], NOW_MS + 1, 'success');
    see(watch, 'org0', ['org0'], LATER_MS - 1);
    expect(watch.look(LATER_MS - 1)).toEqual([]);
    see(watch, 'org0', ['org0'], LATER_MS);
    expect(watch.look(LATER_MS)).toEqual([{ location: 'us-east', dark: false, atMs: LATER_MS }]);
  });
});

describe("the operator's canaries", () => {
  it('decide alone what is dark for everybody', () => {
    const watch = begin(true);
    for (const organization of named('org', 50)) see(watch, organization, [organization], NOW_MS);
    expect(watch.look(NOW_MS)).toEqual([]);
    watch.hearCanaries(['eu-west'], NOW_MS);
    expect(watch.look(NOW_MS)).toEqual([{ location: 'eu-west', dark: true, atMs: NOW_MS }]);
    expect(darkFor(watch, 'org1')).toEqual({ own: [], others: ['eu-west'] });
    watch.hearCanaries([], NOW_MS + 1);
    expect(watch.look(NOW_MS + 1)).toEqual([{ location: 'eu-west', dark: false, atMs: NOW_MS + 1 }]);
  });

  it('say nothing any more when they were not checked for two minutes', () => {
    const watch = begin(true);
    watch.hearCanaries(['eu-west'], NOW_MS);
    watch.look(NOW_MS);
    expect(watch.look(NOW_MS + EVIDENCE_MS_MAX)).toEqual([]);
    expect(watch.look(LATER_MS)).toEqual([{ location: 'eu-west', dark: false, atMs: LATER_MS }]);
  });

  it('leave to an organization what its own hosts show', () => {
    const watch = begin(true);
    see(watch, 'org', named('h', 5), NOW_MS);
    watch.look(NOW_MS);
    expect(darkFor(watch, 'org')).toEqual({ own: ['us-east'], others: [] });
  });
});

describe('evidence about a location', () => {
  const often = named('often', 17);
  const hourly = named('hourly', 3);

  it('ages: monitors that are checked once an hour do not hide that all others fail', () => {
    const watch = begin();
    see(watch, 'org', [...often, ...hourly], NOW_MS, 'success');
    expect(watch.look(NOW_MS)).toEqual([]);
    see(watch, 'org', often, LATER_MS);
    expect(watch.look(LATER_MS)).toEqual([{ location: 'us-east', dark: true, atMs: LATER_MS, organization: 'org' }]);
  });

  it('ages in both directions: nothing seen from there for long is no proof any more', () => {
    const watch = new LocationWatch({ everybody: ['eu-west'], organizations: { org: ['us-east'] } }, false, NOW_MS);
    expect(watch.lookAtAll(NOW_MS + EVIDENCE_MS_MAX)).toEqual([]);
    expect(watch.lookAtAll(LATER_MS)).toEqual([
      { location: 'us-east', dark: false, atMs: LATER_MS, organization: 'org' },
      { location: 'eu-west', dark: false, atMs: LATER_MS },
    ]);
    expect(watch.dark).toEqual(NOTHING_DARK);
  });

  it('ends a darkness after it began, also when the clock was set back meanwhile', () => {
    const watch = begin();
    see(watch, 'org', often, NOW_MS);
    expect(watch.look(NOW_MS)).toMatchObject([{ location: 'us-east', dark: true, atMs: NOW_MS }]);
    const earlierMs = NOW_MS - 30_000;
    see(watch, 'org', often, earlierMs, 'success');
    expect(watch.look(earlierMs)).toMatchObject([{ location: 'us-east', dark: false, atMs: NOW_MS + 1 }]);
  });

  it('that is too thin to prove it keeps a location dark for its organization while all of it fails', () => {
    const watch = begin();
    see(watch, 'org', often, NOW_MS);
    watch.look(NOW_MS);
    const laterMs = NOW_MS + 2 * EVIDENCE_MS_MAX;
    see(watch, 'org', often.slice(0, 2), laterMs);
    expect(watch.look(laterMs)).toEqual([]);
    expect(darkFor(watch, 'org', laterMs).own).toEqual(['us-east']);
    see(watch, 'org', often.slice(0, 2), laterMs + 1, 'success');
    expect(watch.look(laterMs + 1)).toMatchObject([{ location: 'us-east', dark: false, atMs: laterMs + 1 }]);
  });

  it('survives a restart of its host for each of the two scopes', () => {
    const watch = begin();
    see(watch, 'one', named('h', 5), NOW_MS);
    for (const organization of named('org', 6)) see(watch, organization, [organization], NOW_MS);
    watch.look(NOW_MS);
    const woken = new LocationWatch(JSON.parse(JSON.stringify(watch.dark)), false, NOW_MS);
    expect(darkFor(woken, 'one')).toEqual({ own: ['us-east'], others: [] });
    expect(darkFor(woken, 'another')).toEqual({ own: [], others: ['us-east'] });
  });

  it('is forgotten with a monitor that is paused, moved or given another target', () => {
    const monitor = monitorOf('org', 'h0');
    for (const changes of [
      { enabled: false },
      { locations: ['us-west' as const] },
      { organization: 'other' },
      { config: { ...monitor.config, url: 'https://other.example/' } },
    ]) {
      const watch = begin();
      see(watch, 'org', named('h', 5), NOW_MS);
      watch.reassign(monitor, { ...monitor, ...changes });
      expect(watch.look(NOW_MS)).toEqual([]);
    }
    const watch = begin();
    see(watch, 'org', named('h', 5), NOW_MS);
    watch.reassign(monitor, {
      ...monitor,
      name: 'Another',
      config: { ...monitor.config, url: 'https://h0.example/x' },
    });
    expect(watch.look(NOW_MS)).toHaveLength(1);
  });
});

/* ---- whatever is reported ---------------------------------------------------------------------------------- */

const anyOutcome = fc.constantFrom<OutcomeKind>('success', 'failure', 'timeout', 'error');
const anyLocations = fc.subarray([...LOCATION_IDS], { minLength: 1 });
const report = fc.record({
  host: fc.nat({ max: 30 }),
  location: fc.constantFrom(...LOCATION_IDS),
  outcome: anyOutcome,
  afterMs: fc.nat({ max: 30_000 }),
});
/** Reports that make darkness likely: everything fails from the chosen locations. */
const attack = fc
  .record({ hosts: fc.integer({ min: 4, max: 12 }), chosen: anyLocations })
  .map(({ hosts, chosen }) =>
    Array.from({ length: hosts }, (_, host) => LOCATION_IDS.map((location) => ({ host, location, chosen }))).flat(),
  )
  .map((rows) =>
    rows.map(({ host, location, chosen }) => ({
      host,
      location,
      outcome: chosen.includes(location) ? ('failure' as const) : ('success' as const),
      afterMs: 10,
    })),
  );
const reports = fc.oneof(attack, fc.array(report, { maxLength: 80 }));

interface Report {
  readonly host: number;
  readonly location: LocationId;
  readonly outcome: OutcomeKind;
  readonly afterMs: number;
}

describe('whatever one organization reports', () => {
  it("the verdicts of another's monitors are the same as without it", () => {
    fc.assert(
      fc.property(
        reports,
        reports,
        fc.infiniteStream(fc.boolean()),
        anyLocations,
        (hostile, innocent, turns, asked) => {
          const together = begin();
          const alone = begin();
          let nowMs = NOW_MS;
          const waiting = { hostile: [...hostile], innocent: [...innocent] };
          while (waiting.hostile.length + waiting.innocent.length > 0) {
            const isHostile =
              waiting.innocent.length === 0 || (waiting.hostile.length > 0 && turns.next().value === true);
            const next = (isHostile ? waiting.hostile : waiting.innocent).shift() as Report;
            nowMs += next.afterMs;
            const monitor = monitorOf(isHostile ? 'hostile' : 'innocent', `h${next.host}`);
            for (const watch of isHostile ? [together] : [together, alone]) {
              watch.note(monitor, next.location, next.outcome, nowMs);
            }
            for (const watch of [together, alone]) watch.look(nowMs);
            expect(verdictFor(together, 'innocent', asked, next, nowMs)).toEqual(
              verdictFor(alone, 'innocent', asked, next, nowMs),
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  function verdictFor(
    watch: LocationWatch,
    organization: string,
    asked: readonly LocationId[],
    { outcome }: Report,
    nowMs: number,
  ): Verdict | null {
    const outcomes = new Map(asked.map((location, n) => [location, n % 2 === 0 ? outcome : 'success'] as const));
    return judgeBallot({ asked, quorum: null, outcomes, dark: darkFor(watch, organization, nowMs) });
  }
});

describe('whatever others report, and whatever the canaries show', () => {
  it('no monitor is without a voter whose own organization finds no location dark', () => {
    const ballots = fc.array(anyOutcome, { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(anyLocations, { minLength: 6, maxLength: 12 }),
        fc.option(anyLocations),
        anyLocations,
        ballots,
        (failing, canaries, asked, outcomes) => {
          const watch = begin(canaries !== null);
          for (const [n, locations] of failing.entries()) {
            for (const location of LOCATION_IDS) {
              const outcome = locations.includes(location) ? 'failure' : 'success';
              watch.note(monitorOf(`org${n}`, `h${n}`), location, outcome, NOW_MS);
            }
          }
          if (canaries !== null) watch.hearCanaries(canaries, NOW_MS);
          watch.look(NOW_MS);
          const heard = new Map(asked.map((location, n) => [location, outcomes[n] ?? 'error'] as const));
          const verdict = judgeBallot({ asked, quorum: null, outcomes: heard, dark: darkFor(watch, 'innocent') });
          const made = asked.filter((location) => heard.get(location) !== 'error');
          if (made.length > 0) expect(verdict?.excluded.length).toBeLessThan(asked.length);
        },
      ),
    );
  });
});
