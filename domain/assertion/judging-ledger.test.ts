import { expect, it } from 'vitest';
import { JudgingLedger } from './judging-ledger.ts';
import { ANSWER_WORK_MAX } from './work-budget.ts';

const one = { monitor: 'mon_1', organization: 'org_1' };
const other = { monitor: 'mon_2', organization: 'org_1' };
const stranger = { monitor: 'mon_3', organization: 'org_2' };

it('gives a monitor two of the costliest answers at once, then one every twenty seconds', () => {
  const ledger = new JudgingLedger();
  for (let answers = 0; answers < 2; answers++) {
    expect(ledger.allowance(one, 0)).toEqual({ work: ANSWER_WORK_MAX, refusal: undefined });
    ledger.enter(one, ANSWER_WORK_MAX, 0);
  }
  expect(ledger.allowance(one, 0)).toEqual({ work: 0, refusal: expect.stringContaining('this monitor has used up') });
  expect(ledger.allowance(one, 10_000).work).toBe(ANSWER_WORK_MAX / 2);
  expect(ledger.allowance(one, 20_000)).toEqual({ work: ANSWER_WORK_MAX, refusal: undefined });
});

it('takes nothing from the other monitors of an organization until the organization has had its share', () => {
  const ledger = new JudgingLedger();
  ledger.enter(one, 2 * ANSWER_WORK_MAX, 0);
  expect(ledger.allowance(other, 0).work).toBe(ANSWER_WORK_MAX);
  for (const monitor of ['mon_4', 'mon_5']) ledger.enter({ ...one, monitor }, 2 * ANSWER_WORK_MAX, 0);
  expect(ledger.allowance(other, 0)).toEqual({
    work: 0,
    refusal: expect.stringContaining('the organization has used up'),
  });
});

it('takes nothing from anybody else', () => {
  const ledger = new JudgingLedger();
  for (let index = 0; index < 100; index++) ledger.enter({ ...one, monitor: `mon_a${index}` }, ANSWER_WORK_MAX, 0);
  expect(ledger.allowance(stranger, 0)).toEqual({ work: ANSWER_WORK_MAX, refusal: undefined });
});

it('counts a test that was asked for against the organization only', () => {
  const ledger = new JudgingLedger();
  const test = { monitor: undefined, organization: 'org_1' };
  for (let index = 0; index < 5; index++) ledger.enter(test, ANSWER_WORK_MAX, 0);
  expect(ledger.allowance(test, 0).work).toBe(0);
  expect(ledger.allowance(one, 0).work).toBe(0);
  expect(ledger.allowance(stranger, 0).work).toBe(ANSWER_WORK_MAX);
});

it('is not moved by a clock that goes back', () => {
  const ledger = new JudgingLedger();
  ledger.enter(one, 2 * ANSWER_WORK_MAX, 10_000);
  expect(ledger.allowance(one, 0).work).toBe(0);
});

it('remembers a bounded number of monitors', () => {
  const ledger = new JudgingLedger();
  for (let index = 0; index < 25_000; index++) {
    ledger.enter({ monitor: `mon_${index}`, organization: `org_${index}` }, 2 * ANSWER_WORK_MAX, 0);
  }
  expect(ledger.allowance({ monitor: 'mon_0', organization: 'org_0' }, 0).work).toBe(ANSWER_WORK_MAX);
  expect(ledger.allowance({ monitor: 'mon_24999', organization: 'org_24999' }, 0).work).toBe(0);
});
