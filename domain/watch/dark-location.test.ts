import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '../check/location.ts';
import { OUTCOMES, type OutcomeKind } from '../check/result.ts';
import { darkLocations, EVIDENCE_MS_MAX, type Evidence, type MonitorEvidence } from './dark-location.ts';
import { LocationWatch } from './location-watch.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

const OUTCOME = { s: 'success', f: 'failure', e: 'error' } as const satisfies Record<string, OutcomeKind>;

/** Monitors in letters: each string is one monitor, each letter one of us-east, us-west, eu-west. */
function monitors(...rows: string[]): MonitorEvidence[] {
  return rows.map((row) => {
    const outcomes = new Map<LocationId, Evidence>();
    for (const [index, letter] of [...row].entries()) {
      const location = LOCATION_IDS[index];
      if (location !== undefined && (letter === 's' || letter === 'f' || letter === 'e')) {
        outcomes.set(location, { outcome: OUTCOME[letter], atMs: NOW_MS });
      }
    }
    return outcomes;
  });
}

describe('a dark location', () => {
  it.each([
    ['all is well', Array(10).fill('sss'), []],
    ['everything fails from us-east and answers elsewhere', Array(10).fill('fss'), ['us-east']],
    ['four monitors are no evidence', Array(4).fill('fss'), []],
    ['nine of ten are "nearly everything"', [...Array(9).fill('fss'), 'sss'], ['us-east']],
    ['eight of ten are not', [...Array(8).fill('fss'), 'sss', 'sss'], []],
    ['everything fails everywhere: that is an outage', Array(10).fill('fff'), []],
    ['most of these targets are down elsewhere too', [...Array(6).fill('fff'), ...Array(4).fill('fss')], []],
    ['half of them are: still the location', [...Array(5).fill('fff'), ...Array(5).fill('fss')], ['us-east']],
    ['two of three locations are dark at once', Array(10).fill('ffs'), ['us-east', 'us-west']],
    ['monitors that only it sees prove nothing', Array(10).fill('f'), []],
    ['a probe that fails itself is no evidence', Array(10).fill('ess'), []],
  ] as [string, string[], LocationId[]][])('%s', (_reason, rows, dark) => {
    expect(darkLocations(monitors(...rows), NOW_MS)).toEqual(dark);
  });

  it('is never every location, whatever is observed', () => {
    const outcomes = fc.dictionary(fc.constantFrom(...LOCATION_IDS), fc.constantFrom(...OUTCOMES));
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 40 }), (rows) => {
        const observed = new Set(rows.flatMap((row) => Object.keys(row)));
        const dark = darkLocations(rows.map(evidenceOf), NOW_MS);
        expect(dark.length).toBeLessThan(Math.max(observed.size, 1));
      }),
    );
  });
});

function evidenceOf(row: Partial<Record<LocationId, OutcomeKind>>): MonitorEvidence {
  const entries = Object.entries(row) as [LocationId, OutcomeKind][];
  return new Map(entries.map(([location, outcome]) => [location, { outcome, atMs: NOW_MS }]));
}

describe('evidence about a location', () => {
  /** Monitors that fail from us-east and answer from us-west, seen at `nowMs`. */
  function see(watch: LocationWatch, names: readonly string[], nowMs: number, here: OutcomeKind = 'failure'): void {
    for (const name of names) {
      watch.note(name, 'us-east', here, nowMs);
      watch.note(name, 'us-west', 'success', nowMs);
    }
  }
  const often = Array.from({ length: 17 }, (_, n) => `often ${n}`);
  const hourly = Array.from({ length: 3 }, (_, n) => `hourly ${n}`);

  it('ages: monitors that are checked once an hour do not hide that all others fail', () => {
    const watch = new LocationWatch([], NOW_MS);
    see(watch, [...often, ...hourly], NOW_MS, 'success');
    expect(watch.look(NOW_MS)).toEqual([]);
    const laterMs = NOW_MS + EVIDENCE_MS_MAX + 1;
    see(watch, often, laterMs);
    expect(watch.look(laterMs)).toEqual([{ location: 'us-east', dark: true, atMs: laterMs }]);
  });

  it('ages in both directions: nothing seen from there for long is no proof any more', () => {
    const watch = new LocationWatch(['us-east'], NOW_MS);
    watch.look(NOW_MS + EVIDENCE_MS_MAX);
    expect(watch.dark).toEqual(['us-east']);
    const atMs = NOW_MS + EVIDENCE_MS_MAX + 1;
    expect(watch.look(atMs)).toEqual([{ location: 'us-east', dark: false, atMs }]);
  });

  it('ends a darkness after it began, also when the clock was set back meanwhile', () => {
    const watch = new LocationWatch([], NOW_MS);
    see(watch, often, NOW_MS);
    expect(watch.look(NOW_MS)).toEqual([{ location: 'us-east', dark: true, atMs: NOW_MS }]);
    const earlierMs = NOW_MS - 30_000;
    see(watch, often, earlierMs, 'success');
    expect(watch.look(earlierMs)).toEqual([{ location: 'us-east', dark: false, atMs: NOW_MS + 1 }]);
  });

  it('that is too thin to prove it keeps a location dark while all of it fails', () => {
    const watch = new LocationWatch([], NOW_MS);
    see(watch, often, NOW_MS);
    watch.look(NOW_MS);
    const laterMs = NOW_MS + 2 * EVIDENCE_MS_MAX;
    see(watch, often.slice(0, 2), laterMs);
    expect(watch.look(laterMs)).toEqual([]);
    expect(watch.dark).toEqual(['us-east']);
    see(watch, often.slice(0, 2), laterMs + 1, 'success');
    expect(watch.look(laterMs + 1)).toEqual([{ location: 'us-east', dark: false, atMs: laterMs + 1 }]);
  });
});
