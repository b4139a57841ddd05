import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AlertState,
  type AssignedRule,
  endAlert,
  INITIAL_ALERT_STATE,
  type Observation,
  reduceAlert,
} from './alert.ts';

function rule(count: number, recoveryCount: number): AssignedRule {
  return { id: 'rul_1', condition: { type: 'consecutiveFailures', count }, severity: 'critical', recoveryCount };
}

const STATUS = { u: 'up', g: 'degraded', d: 'down', '?': 'unknown' } as const;

/** Observes a series of rounds, one letter each, five seconds apart: u up, g degraded, d down, ? unknown. */
function observe(
  story: string,
  by: AssignedRule,
): { phases: string[]; changes: string[]; ids: string[]; state: AlertState } {
  let state = INITIAL_ALERT_STATE;
  const phases: string[] = [];
  const changes: string[] = [];
  const ids: string[] = [];
  for (const [index, letter] of [...story].entries()) {
    const status = STATUS[letter as keyof typeof STATUS];
    const observation: Observation = { scheduledAtMs: index * 5000, status };
    const step = reduceAlert('mon_1', by, state, observation);
    state = step.state;
    phases.push(state.phase);
    if (step.change !== null) {
      changes.push(`${step.change.to}@${index}`);
      ids.push(step.change.alertId);
    }
  }
  return { phases, changes, ids, state };
}

describe('an alert of one failure', () => {
  it.each([
    ['nothing happens while all is well', 'uugu', []],
    ['it fires on the first round that is down', 'uud', ['firing@2']],
    ['it fires once, however long it lasts', 'dddddd', ['firing@0']],
    ['one good round resolves it', 'uddu', ['firing@1', 'resolved@3']],
    ['degraded is not down: it resolves, too', 'dg', ['firing@0', 'resolved@1']],
    ['nobody could look: no evidence of anything', 'u??d??u', ['firing@3', 'resolved@6']],
    ['each outage is an alert of its own', 'dudu', ['firing@0', 'resolved@1', 'firing@2', 'resolved@3']],
  ])('%s (%s)', (_reason, story, changes) => {
    expect(observe(story, rule(1, 1)).changes).toEqual(changes);
  });

  it('resolves the alert that it fired, and gives the next one another id', () => {
    const [first, firstEnd, second, secondEnd] = observe('dudu', rule(1, 1)).ids;
    expect(firstEnd).toBe(first);
    expect(secondEnd).toBe(second);
    expect(second).not.toBe(first);
  });

  it('says the same when told the same twice', () => {
    expect(observe('udddu', rule(1, 1))).toEqual(observe('udddu', rule(1, 1)));
  });
});

describe('an alert of three failures and two recoveries', () => {
  it.each([
    ['two failures are forgiven', 'udduu', []],
    ['the third fires', 'uddd', ['firing@3']],
    ['unknown rounds neither count nor break the row', 'd?d?d', ['firing@4']],
    ['one good round is not yet a recovery', 'dddu', ['firing@2']],
    ['a relapse starts the recovery over', 'dddududuu', ['firing@2', 'resolved@8']],
  ])('%s (%s)', (_reason, story, changes) => {
    expect(observe(story, rule(3, 2)).changes).toEqual(changes);
  });

  it('passes through its phases in order', () => {
    expect(observe('udddduu', rule(3, 2)).phases).toEqual([
      'ok',
      'pending',
      'pending',
      'firing',
      'firing',
      'resolving',
      'ok',
    ]);
  });
});

describe('any story', () => {
  const story = fc.array(fc.constantFrom('u', 'g', 'd', '?'), { maxLength: 60 }).map((letters) => letters.join(''));
  const anyRule = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));

  it('alternates between firing and resolved, beginning with firing', () => {
    fc.assert(
      fc.property(story, anyRule, (letters, [count, recoveryCount]) => {
        const { changes, ids, state } = observe(letters, rule(count, recoveryCount));
        for (const [index, change] of changes.entries()) {
          expect(change.startsWith(index % 2 === 0 ? 'firing' : 'resolved')).toBe(true);
          if (index % 2 === 1) expect(ids[index]).toBe(ids[index - 1]);
        }
        expect(state.alertId !== null).toBe(state.phase === 'firing' || state.phase === 'resolving');
      }),
    );
  });

  it('can be ended from outside, once', () => {
    fc.assert(
      fc.property(story, (letters) => {
        const { state } = observe(letters, rule(2, 2));
        const ended = endAlert(rule(2, 2), state, 1e6);
        expect(ended.change?.alertId ?? null).toBe(state.alertId);
        expect(endAlert(rule(2, 2), ended.state, 1e6).change).toBeNull();
      }),
    );
  });
});
