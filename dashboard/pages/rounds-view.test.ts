import { describe, expect, test } from 'vitest';
import type { LocationId } from '#domain/check/location.ts';
import { monitor, result } from '../fixtures/answers.ts';
import { columnsOf, type Round, roundsOf } from './rounds-view.ts';

const LATE = '2026-11-22T14:02:00.000Z';
const EARLY = '2026-11-22T14:01:00.000Z';

const at = (scheduledAt: string, location: LocationId, manual = false) => result({ scheduledAt, location, manual });
const told = (rounds: readonly Round[]) =>
  rounds.map(({ scheduledAt, manual, results }) => [scheduledAt, manual, [...results.keys()]]);

describe('rounds', () => {
  test('are the results of one slot, newest first', () => {
    const rounds = roundsOf(
      [at(LATE, 'us-east'), at(LATE, 'eu-central'), at(EARLY, 'us-east'), at(EARLY, 'eu-central')],
      false,
    );
    expect(told(rounds)).toEqual([
      [LATE, false, ['us-east', 'eu-central']],
      [EARLY, false, ['us-east', 'eu-central']],
    ]);
  });

  test('asked for by hand stand apart from the round of the schedule in the same slot', () => {
    const rounds = roundsOf([at(LATE, 'us-east', true), at(LATE, 'us-east'), at(LATE, 'eu-central', true)], false);
    expect(told(rounds)).toEqual([
      [LATE, true, ['us-east', 'eu-central']],
      [LATE, false, ['us-east']],
    ]);
  });

  test('that may be cut by the page wait for their other half', () => {
    const cut = [at(LATE, 'us-east'), at(LATE, 'eu-central'), at(EARLY, 'us-east', true), at(EARLY, 'us-east')];
    expect(told(roundsOf(cut, true))).toEqual([[LATE, false, ['us-east', 'eu-central']]]);
    expect(told(roundsOf(cut, false))).toHaveLength(3);
  });

  test('are shown, cut or not, where there is no other', () => {
    expect(told(roundsOf([at(LATE, 'us-east')], true))).toEqual([[LATE, false, ['us-east']]]);
    expect(roundsOf([], true)).toEqual([]);
  });
});

describe('the columns', () => {
  const rounds = roundsOf([at(LATE, 'sa-east'), at(LATE, 'eu-central')], false);

  test('are the locations asked now and those that answered then, in one order everywhere', () => {
    expect(columnsOf(monitor(), rounds, undefined)).toEqual(['us-east', 'eu-central', 'sa-east']);
  });

  test('are the chosen location alone', () => {
    expect(columnsOf(monitor(), rounds, 'sa-east')).toEqual(['sa-east']);
  });
});
