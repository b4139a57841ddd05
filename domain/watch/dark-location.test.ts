import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '../check/location.ts';
import { OUTCOMES, type OutcomeKind } from '../check/result.ts';
import { darkLocations, type MonitorOutcomes } from './dark-location.ts';

const OUTCOME = { s: 'success', f: 'failure', e: 'error' } as const satisfies Record<string, OutcomeKind>;

/** Monitors in letters: each string is one monitor, each letter one of us-east, us-west, eu-west. */
function monitors(...rows: string[]): MonitorOutcomes[] {
  return rows.map((row) => {
    const outcomes = new Map<LocationId, OutcomeKind>();
    for (const [index, letter] of [...row].entries()) {
      const location = LOCATION_IDS[index];
      if (location !== undefined && (letter === 's' || letter === 'f' || letter === 'e')) {
        outcomes.set(location, OUTCOME[letter]);
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
    expect(darkLocations(monitors(...rows))).toEqual(dark);
  });

  it('is never every location, whatever is observed', () => {
    const outcomes = fc.dictionary(fc.constantFrom(...LOCATION_IDS), fc.constantFrom(...OUTCOMES));
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 40 }), (rows) => {
        const observed = new Set(rows.flatMap((row) => Object.keys(row)));
        const dark = darkLocations(rows.map((row) => new Map(Object.entries(row)) as MonitorOutcomes));
        expect(dark.length).toBeLessThan(Math.max(observed.size, 1));
      }),
    );
  });
});
