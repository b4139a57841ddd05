import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS, type LocationId } from '../check/location.ts';
import { OUTCOMES, type OutcomeKind } from '../check/result.ts';
import { type Ballot, judgeBallot, type Verdict } from './quorum.ts';

const LETTERS = { s: 'success', f: 'failure', t: 'timeout', e: 'error' } as const satisfies Record<string, OutcomeKind>;

const NOTHING_DARK = { own: [], others: [] };

/** A round in letters, one per location: s, f, t, e, or "." for no answer yet. */
function round(
  letters: string,
  options: { quorum?: number; dark?: readonly number[]; others?: readonly number[] } = {},
): Ballot {
  const asked = LOCATION_IDS.slice(0, letters.length);
  const outcomes = new Map<LocationId, OutcomeKind>();
  for (const [index, location] of asked.entries()) {
    const letter = letters[index];
    if (letter === 's' || letter === 'f' || letter === 't' || letter === 'e') outcomes.set(location, LETTERS[letter]);
  }
  const named = (indices: readonly number[] = []) => indices.flatMap((index) => LOCATION_IDS[index] ?? []);
  const dark = { own: named(options.dark), others: named(options.others) };
  return { asked, dark, quorum: options.quorum ?? null, outcomes };
}

describe('the verdict of a round', () => {
  it.each([
    ['all answer', 'ssssss', {}, 'up'],
    ['one bad location shows, and is no outage', 'sssssf', {}, 'degraded'],
    ['three of six is no majority', 'sssfft', {}, 'degraded'],
    ['four of six is one', 'ssffft', {}, 'down'],
    ['two of four: down does not win a tie', 'ssff', {}, 'degraded'],
    ['a single location decides alone', 'f', {}, 'down'],
    ['a quorum of two out of six', 'ssssff', { quorum: 2 }, 'down'],
    ['a quorum above the locations means all of them', 'ff', { quorum: 6 }, 'down'],
    ['a probe that fails itself has no vote', 'seeeee', {}, 'up'],
    ['three of six, and nobody else could look', 'fffeee', {}, 'down'],
    ['three of six, and one that looked is fine', 'fffsee', {}, 'degraded'],
    ['two of six that could look are too few to say', 'ffeeee', {}, 'unknown'],
    ['one failure and five broken probes are no outage', 'feeeee', {}, 'unknown'],
    ['unless the user said that one is enough', 'feeeee', { quorum: 1 }, 'down'],
    ['one of two could look', 'fe', {}, 'down'],
    ['nobody could look', 'eeeeee', {}, 'unknown'],
    ['a dark location does not count', 'ssf', { dark: [2] }, 'up'],
    ['only dark locations: nobody could look', 'ff', { dark: [0, 1] }, 'unknown'],
    ['the majority is of those that see', 'fffss', { dark: [3, 4] }, 'down'],
    ['what others find dark does not count either', 'ssf', { others: [2] }, 'up'],
    ['unless that would leave nobody: then its own results count', 'ff', { others: [0, 1] }, 'down'],
    ['nor where the only voter left did not look: all others are back', 'ffe', { others: [0, 1] }, 'down'],
    ['while the only voter left has not answered, nothing is decided', 'ff.', { others: [0, 1] }, null],
    ['its own finding stays, also when nobody is left', 'ff', { dark: [0], others: [1] }, 'down'],
    ['both together leave nobody, its own alone one', 'sf', { dark: [0], others: [1] }, 'down'],
    ['its own finding alone leaves nobody', 'ff', { dark: [0, 1], others: [1] }, 'unknown'],
    ['a quorum above the voters left means all of them', 'ffss', { quorum: 3, others: [2, 3] }, 'down'],
    ['four failures settle it before the others answer', 'ffff..', {}, 'down'],
    ['three of six do not', 'fff...', {}, null],
    ['five successes wait for the slow sixth', 'sssss.', {}, null],
    ['one failure waits: it may be the only one', 'f.....', {}, null],
  ] as const)('%s (%s)', (_reason, letters, options, status) => {
    expect(judgeBallot(round(letters, options))?.status ?? null).toBe(status);
  });

  it('names the failing locations and how many were needed', () => {
    expect(judgeBallot(round('sfstss'))).toEqual<Verdict>({
      status: 'degraded',
      excluded: [],
      failing: ['us-west', 'eu-central'],
      needed: 4,
    });
  });

  it('is final once it is given: no later answer changes a verdict of down', () => {
    const answers = fc.array(fc.constantFrom(...OUTCOMES), { minLength: 6, maxLength: 6 });
    const order = fc.shuffledSubarray([...LOCATION_IDS], { minLength: 6, maxLength: 6 });
    const quorum = fc.option(fc.integer({ min: 1, max: 6 }));
    const some = fc.subarray([...LOCATION_IDS]);
    fc.assert(
      fc.property(answers, order, quorum, some, some, (kinds, locations, needed, own, others) => {
        const outcomes = new Map<LocationId, OutcomeKind>();
        let early: Verdict | null = null;
        for (const [index, location] of locations.entries()) {
          outcomes.set(location, kinds[index] ?? 'error');
          const verdict = judgeBallot({ asked: LOCATION_IDS, dark: { own, others }, quorum: needed, outcomes });
          if (early !== null) expect(verdict?.status).toBe(early.status);
          early ??= verdict;
        }
        expect(early).not.toBeNull();
      }),
    );
  });

  it('never depends on the order of the answers', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...OUTCOMES), { minLength: 6, maxLength: 6 }), (kinds) => {
        const entries = LOCATION_IDS.map((location, index) => [location, kinds[index] ?? 'error'] as const);
        const judge = (list: typeof entries) =>
          judgeBallot({ asked: LOCATION_IDS, dark: NOTHING_DARK, quorum: null, outcomes: new Map(list) });
        expect(judge([...entries].reverse())).toEqual(judge(entries));
      }),
    );
  });
});
