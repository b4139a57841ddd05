import { expect, test, vi } from 'vitest';
import { assertionProblems, evaluateAssertion } from './assertion-evaluation.ts';
import { WorkBudget } from './work-budget.ts';

/** The whole budget is seconds of work in a Worker, and a test machine may be several times slower. */
vi.setConfig({ testTimeout: 60_000 });

const answer = (body: unknown) => ({
  status: 200,
  headers: [],
  body: JSON.stringify(body),
  bodyCut: false,
  responseTimeMs: 1,
  tls: undefined,
  atMs: 0,
});
const rows = Array.from({ length: 3_000 }, (_, index) => ({ id: index, tags: [{ name: `t${index}` }] }));
const twice = (name: string) => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
const doubling = {
  $ref: '#/$defs/s0',
  $defs: Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`s${index}`, index < 39 ? twice(`s${index + 1}`) : {}]),
  ),
};
const nestedIds = Array.from({ length: 40 }).reduce<object>(
  (inner, _, index) => ({ $id: `x${index}`, not: inner }),
  {},
);

test.each([
  ['a path that searches the whole document for every part of it', { property: '$..[?$..[?@.q]]', compare: 'exists' }],
  ['a path whose hits double with every step', { property: `$${'[0,0]'.repeat(60)}`, compare: 'exists' }],
  ['a schema whose work doubles with every reference', { compare: 'schema', value: doubling }],
] as const)('%s is stopped and fails', (_, claim) => {
  const deep = Array.from({ length: 60 }).reduce<unknown>((inner) => [inner], rows);
  const judgement = evaluateAssertion({ source: 'json', ...claim }, answer(deep));
  expect(judgement).toMatchObject({ passed: false, reason: 'assertion_unevaluable' });
  expect(judgement.message).toContain('too much work');
});

test('a schema that takes too much work to read is refused where it is written', () => {
  expect(assertionProblems({ source: 'body', compare: 'schema', value: nestedIds as never })).toMatchObject([
    { path: 'value', message: expect.stringContaining('too much work') },
  ]);
});

test('a pattern that is looked for in very many texts is stopped and fails', () => {
  const texts = Array.from({ length: 20_000 }, () => 'a'.repeat(40));
  const claim = { source: 'json', property: '$[*]', compare: 'notMatches', value: '(?:a?){400}b' } as const;
  expect(evaluateAssertion(claim, answer(texts))).toMatchObject({ passed: false, reason: 'assertion_unevaluable' });
  expect(evaluateAssertion(claim, answer(texts.slice(0, 20)))).toMatchObject({ passed: true });
});

test('fifty claims about one body share what may be spent', () => {
  const claim = { source: 'body', compare: 'notMatches', value: '(?:a?){400}b' } as const;
  const one = answer('a'.repeat(100_000));
  expect(evaluateAssertion(claim, one)).toMatchObject({ passed: true });
  const others = Array.from({ length: 49 }, () => evaluateAssertion(claim, one));
  expect(others.at(-1)).toMatchObject({ passed: false, reason: 'assertion_unevaluable' });
});

test('an honest search of a large document stays far below the budget', () => {
  const found = evaluateAssertion(
    { source: 'json', property: '$..name', compare: 'contains', value: 't2999' },
    answer(rows),
  );
  expect(found).toMatchObject({ passed: true });
});

test('a counting value is the value: arrays, members and text', () => {
  const value = { list: [1, { two: 2 }], none: null };
  const counting = new WorkBudget().count(value);
  expect(JSON.stringify(counting)).toBe(JSON.stringify(value));
  expect(Array.isArray(counting.list)).toBe(true);
  expect(counting.list[1]).toBe(counting.list[1]);
  expect(() => JSON.stringify(new WorkBudget(3).count(value))).toThrow('too much work');
});
