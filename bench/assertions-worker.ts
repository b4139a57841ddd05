import type { Assertion } from '#domain/assertion/assertion.ts';
import { type Answer, evaluateAssertion } from '#domain/assertion/assertion-evaluation.ts';
import { WORK_PER_MS, WorkBudget } from '#domain/assertion/work-budget.ts';
import { DECODED, JUDGED } from './assertion-inputs.ts';

/** What the Worker did with an input; it knows no time, because the clock stands still while a Worker computes. */
export interface Ended {
  readonly workMs: number | string;
  readonly end: string;
}

const ANSWER = { status: 200, headers: [], bodyCut: false, responseTimeMs: 1, tls: undefined, atMs: 0 } as const;

/** Judges or decodes input `index` of `kind`, `times` times, each in a fresh budget. Answers what the last time did. */
export default {
  async fetch(request: Request): Promise<Response> {
    const asked = new URL(request.url).searchParams;
    const index = Number(asked.get('index'));
    const run = asked.get('kind') === 'decoded' ? () => decode(index) : () => judge(index);
    let ended: Ended | undefined;
    for (let time = 0; time < Number(asked.get('times')); time++) ended = run();
    return Response.json(ended);
  },
};

function judge(index: number): Ended {
  const input = JUDGED[index];
  if (input === undefined) throw new RangeError(`There is no input ${index}.`);
  const answer: Answer = { ...ANSWER, body: input.body };
  const budget = new WorkBudget();
  const ends = input.assertions.map((assertion) => evaluateAssertion(assertion as Assertion, answer, budget));
  const stopped = ends.some((end) => !end.passed && end.reason === 'assertion_unevaluable');
  return { workMs: Math.round((budget.spent / WORK_PER_MS) * 10) / 10, end: stopped ? 'stopped' : 'judged' };
}

function decode(index: number): Ended {
  const input = DECODED[index];
  if (input === undefined) throw new RangeError(`There is no input ${index}.`);
  new TextDecoder(input.encoding).decode(input.bytes);
  return { workMs: '-', end: 'decoded' };
}
