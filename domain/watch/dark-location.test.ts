import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '../check/location.ts';
import { OUTCOMES, type OutcomeKind } from '../check/result.ts';
import {
  DARK_HOSTS_MIN,
  darkByCanaries,
  darkForEverybody,
  darkLocations,
  type Evidence,
  type Outcomes,
  viewsByHost,
  type Witness,
} from './dark-location.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

const OUTCOME = { s: 'success', f: 'failure', e: 'error' } as const satisfies Record<string, OutcomeKind>;

/** What one monitor has seen, a letter for each of us-east, us-west and eu-west. */
function outcomesOf(letters: string): Outcomes {
  const outcomes = new Map<LocationId, Evidence>();
  for (const [index, letter] of [...letters].entries()) {
    const location = LOCATION_IDS[index];
    if (location !== undefined && (letter === 's' || letter === 'f' || letter === 'e')) {
      outcomes.set(location, { outcome: OUTCOME[letter], atMs: NOW_MS });
    }
  }
  return outcomes;
}

/** A monitor of an organization; its host and its site have one name. */
function witness(organization: string, host: string, letters: string): Witness {
  return { organization, target: { host, site: host }, outcomes: outcomesOf(letters) };
}

/** Monitors of one organization, each on a host of its own. */
function hosts(...rows: string[]): Witness[] {
  return rows.map((letters, index) => witness('org', `host ${index}`, letters));
}

const darkByHosts = (witnesses: readonly Witness[]) => darkLocations(viewsByHost(witnesses, NOW_MS), DARK_HOSTS_MIN);

describe('a location is dark for an organization', () => {
  it.each([
    ['all is well', Array(10).fill('sss'), []],
    ['everything fails from us-east and answers elsewhere', Array(10).fill('fss'), ['us-east']],
    ['five hosts are enough', Array(5).fill('fss'), ['us-east']],
    ['four are no evidence', Array(4).fill('fss'), []],
    ['nine of ten are "nearly everything"', [...Array(9).fill('fss'), 'sss'], ['us-east']],
    ['eight of ten are not', [...Array(8).fill('fss'), 'sss', 'sss'], []],
    ['everything fails everywhere: that is an outage', Array(10).fill('fff'), []],
    ['most of these targets are down elsewhere too', [...Array(6).fill('fff'), ...Array(4).fill('fss')], []],
    ['half of them are: still the location', [...Array(5).fill('fff'), ...Array(5).fill('fss')], ['us-east']],
    ['two of three locations are dark at once', Array(10).fill('ffs'), ['us-east', 'us-west']],
    ['monitors that only it sees prove nothing', Array(10).fill('f'), []],
    ['a probe that fails itself is no evidence', Array(10).fill('ess'), []],
  ] as [string, string[], LocationId[]][])('when %s', (_reason, rows, dark) => {
    expect(darkByHosts(hosts(...rows))).toEqual(dark);
  });

  it('by its hosts, however many monitors each has', () => {
    const ofFour = Array.from({ length: 70 }, (_, n) => witness('org', `host ${n % 4}`, 'fss'));
    expect(darkByHosts(ofFour)).toEqual([]);
    const ofFive = Array.from({ length: 70 }, (_, n) => witness('org', `host ${n % 5}`, 'fss'));
    expect(darkByHosts(ofFive)).toEqual(['us-east']);
  });

  it('by hosts that do not answer at all: one monitor that is told something proves that the location works', () => {
    const answered = Array.from({ length: 10 }, (_, n) => witness('org', `host ${n}`, 'sss'));
    expect(darkByHosts([...hosts(...Array(10).fill('fss')), ...answered])).toEqual([]);
  });

  it('and never every location, whatever is observed', () => {
    const outcomes = fc.dictionary(fc.constantFrom(...LOCATION_IDS), fc.constantFrom(...OUTCOMES));
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 40 }), (rows) => {
        const observed = new Set(rows.flatMap((row) => Object.keys(row)));
        const witnesses = rows.map((row, n) => {
          const entries = Object.entries(row) as [LocationId, OutcomeKind][];
          const seen = new Map(entries.map(([location, outcome]) => [location, { outcome, atMs: NOW_MS }]));
          return { ...witness(`org ${n}`, `host ${n}`, ''), outcomes: seen };
        });
        for (const dark of [darkByHosts(witnesses), darkForEverybody(witnesses, NOW_MS)]) {
          expect(dark.length).toBeLessThan(Math.max(observed.size, 1));
        }
      }),
    );
  });
});

describe('a location is dark for everybody', () => {
  /** Organizations with one monitor each, of a site of their own. */
  const organizations = (count: number, letters: string, from = 0) =>
    Array.from({ length: count }, (_, n) => witness(`org ${from + n}`, `site ${from + n}`, letters));
  const dark = (...witnesses: Witness[]) => darkForEverybody(witnesses, NOW_MS);

  it('when six organizations with six sites say so, and not with one less', () => {
    expect(dark(...organizations(6, 'fss'))).toEqual(['us-east']);
    expect(dark(...organizations(5, 'fss'))).toEqual([]);
  });

  it('by no single organization, whatever it monitors', () => {
    const hostile = Array.from({ length: 195 }, (_, n) => witness('hostile', `site ${n}`, 'fss'));
    expect(dark(...hostile)).toEqual([]);
    expect(dark(...hostile, ...organizations(4, 'fss', 1000))).toEqual([]);
  });

  it('by no single site, whoever monitors it', () => {
    const ofOneSite = Array.from({ length: 50 }, (_, n) => witness(`org ${n}`, 'one site', 'fss'));
    expect(dark(...ofOneSite)).toEqual([]);
    expect(dark(...ofOneSite, ...organizations(4, 'fss', 1000))).toEqual([]);
    expect(dark(...ofOneSite, ...organizations(5, 'fss', 1000))).toEqual(['us-east']);
  });

  it('by sites that fail only there: one that is down everywhere speaks for nobody', () => {
    expect(dark(...organizations(50, 'fff'), ...organizations(5, 'fss', 1000))).toEqual([]);
    expect(dark(...organizations(50, 'fff'), ...organizations(6, 'fss', 1000))).toEqual(['us-east']);
  });

  it('while no more than a tenth of the organizations get an answer from there', () => {
    expect(dark(...organizations(9, 'fss'), ...organizations(1, 'sss', 1000))).toEqual([]);
    expect(dark(...organizations(10, 'fss'), ...organizations(1, 'sss', 1000))).toEqual(['us-east']);
  });

  it('stays undecided by what one organization or one site adds or takes away', () => {
    const letters = fc.stringMatching(/^[sfe.]{3}$/);
    const monitor = fc.record({ organization: fc.nat({ max: 8 }), site: fc.nat({ max: 8 }), letters });
    fc.assert(
      fc.property(fc.array(monitor, { maxLength: 60 }), (rows) => {
        const witnesses = rows.map((row) => witness(`org ${row.organization}`, `site ${row.site}`, row.letters));
        for (const location of dark(...witnesses)) {
          const own = (of: (witness: Witness) => string) => [...Map.groupBy(witnesses, of).values()];
          const groups = [...own(({ organization }) => organization), ...own(({ target }) => target.site)];
          for (const group of groups) {
            // Left to themselves the others still have five organizations that get no answer from there.
            const rest = witnesses.filter((one) => !group.includes(one));
            const silent = new Set(
              rest.filter((one) => one.outcomes.get(location)?.outcome === 'failure').map((one) => one.organization),
            );
            expect(silent.size).toBeGreaterThanOrEqual(5);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('canaries', () => {
  it.each([
    ['three that fail from one place', ['fss', 'fss', 'fss'], ['us-east']],
    ['two of three', ['fss', 'fss', 'sss'], []],
    ['two', ['fss', 'fss'], []],
    ['three that fail everywhere', ['fff', 'fff', 'fff'], []],
    ['three of which two are down', ['fff', 'fff', 'fss'], []],
    ['a probe that fails itself', ['ess', 'ess', 'ess'], []],
  ] as [string, string[], LocationId[]][])('%s (%j) make dark: %j', (_which, rows, dark) => {
    expect(darkByCanaries(rows.map(outcomesOf), NOW_MS)).toEqual(dark);
  });
});
