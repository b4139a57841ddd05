import { describe, expect, it, test, vi } from 'vitest';
import type { Assertion } from './assertion.ts';
import { type Answer, evaluateAssertion } from './assertion-evaluation.ts';
import { ANSWER_WORK_MAX, WorkBudget } from './work-budget.ts';
import { writtenAssertionProblems } from './written-assertions.ts';

/** A whole budget is spent many times here, and a test machine may be several times slower. */
vi.setConfig({ testTimeout: 60_000 });

const MEGABYTE = 1024 * 1024;

function answer(body: unknown): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status: 200, headers: [], body: text, bodyCut: false, responseTimeMs: 1, tls: undefined, atMs: 0 };
}

/** `a` and `b` in an order that no automaton learns. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 16) & 1 ? 'a' : 'b';
  }).join('');
}

function listOf(length: number, item: (index: number) => string): string {
  const items: string[] = [];
  let sum = 0;
  for (let index = 0; sum < length; index++) {
    const text = item(index);
    items.push(text);
    sum += text.length + 1;
  }
  return `[${items.join(',')}]`;
}

const deep = `${'['.repeat(900)}0${']'.repeat(900)}`;
const rows = listOf(300_000, (index) => `{"id":${index % 50},"tags":["a","b"]}`);
const twice = (name: string) => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
const doubling = {
  $ref: '#/$defs/s0',
  $defs: Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`s${index}`, index < 39 ? twice(`s${index + 1}`) : {}]),
  ),
};
const anyOfTree = (depth: number): object =>
  depth === 0 ? { type: 'null' } : { anyOf: [anyOfTree(depth - 1), anyOfTree(depth - 1)] };

const matches = (value: string): Assertion => ({ source: 'body', compare: 'matches', value });
const exists = (property: string): Assertion => ({ source: 'json', compare: 'exists', property });
const schema = (value: object): Assertion => ({ source: 'json', compare: 'schema', value: value as never });

describe('what would take too long is stopped, and fails', () => {
  it.each<[string, Assertion, string]>([
    ['a pattern with a state for each beginning', matches('a[ab]{200}c'), noise(MEGABYTE)],
    ['counted repetitions in each other', matches('(?:(?:a{1,4}b?){1,9}a){8}c'), noise(MEGABYTE)],
    [
      'many alternatives',
      matches(Array.from({ length: 12 }, (_, index) => `a[ab]{${80 + index}}c`).join('|')),
      noise(MEGABYTE),
    ],
    ['anchors and borders', matches(String.raw`(?:\ba|\Ba|a$)[ab ]{150}\bc`), noise(MEGABYTE).replaceAll('aab', 'a b')],
    ['all cases of a letter', matches('(?i)k[kab]{150}s'), noise(MEGABYTE).replaceAll('bb', '\u212a')],
    ['classes of all of Unicode', matches(String.raw`\pN[\pL\pN]{100}%`), noise(MEGABYTE).replaceAll('bb', '漢1')],
    ['a path that searches everything for every part of it', exists('$..[?$..[?@.q]]'), rows],
    ['a path whose hits double with every step', exists(`$${'[0,0]'.repeat(60)}`), deep],
    ['a path through all of all', exists('$..*..*..*..x'), deep],
    ['a filter that looks through the document for every value', exists('$[?count($..*) == 1]'), rows],
    ['a filter that compares documents', exists('$[?$ == @ || $ == $]'), rows],
    ['slices of slices', exists(`$${'[::,::-1]'.repeat(30)}`), deep],
    ['a schema whose work doubles with every reference', schema(doubling), rows],
    ['a tree of alternatives', schema({ items: { not: anyOfTree(7) } }), rows],
    [
      'alternatives that track what was looked at',
      schema({ items: { anyOf: [{}, anyOfTree(6)], unevaluatedProperties: true } }),
      rows,
    ],
    [
      'items that must differ',
      schema({ properties: { a: { uniqueItems: true } } }),
      `{"a":${listOf(MEGABYTE, (index) => `"${index}xyz"`)}}`,
    ],
    [
      'items that must differ and nest',
      schema({ items: { uniqueItems: true } }),
      `[${listOf(700_000, (index) => `{"b":[${index}],"a":{}}`)}]`,
    ],
    ['a pattern in a schema', schema({ items: { not: { pattern: 'a[ab]{200}c' } } }), JSON.stringify([noise(900_000)])],
    [
      'a list to choose from',
      schema({ items: { not: { enum: Array.from({ length: 2000 }, (_, index) => [index]) } } }),
      listOf(300_000, (index) => `[${-1 - index}]`),
    ],
    ['exact division', schema({ items: { multipleOf: 5e-324 } }), listOf(MEGABYTE, () => '1e300')],
    ['formats', schema({ items: { not: { format: 'uri' } } }), listOf(MEGABYTE, () => `"${`a:${'/x'.repeat(900)} `}"`)],
    ['a document of many empty objects', exists('$'), listOf(MEGABYTE, () => '{}')],
    [
      'a document of many different keys',
      exists('$'),
      `{${listOf(MEGABYTE, (index) => `"k${index}":1`).slice(1, -1)}}`,
    ],
  ])('%s', (_, claim, body) => {
    const budget = new WorkBudget();
    const judgement = evaluateAssertion(claim, answer(body), budget);
    expect(judgement).toMatchObject({ passed: false, reason: 'assertion_unevaluable' });
    expect(judgement.message).toContain('too much work');
    expect(budget.spent).toBeLessThanOrEqual(ANSWER_WORK_MAX);
    expect(budget.refused).toBe(true);
  });
});

test('a word of many characters is looked for in time linear in the text', () => {
  const claim = { source: 'body', compare: 'notContains', value: `b${'a'.repeat(60_000)}` } as const;
  expect(evaluateAssertion(claim, answer('a'.repeat(MEGABYTE)), new WorkBudget())).toMatchObject({ passed: true });
});

test('a document that nests without end is told as that', () => {
  for (const body of ['['.repeat(500_000), '{"a":'.repeat(100_000)]) {
    const judgement = evaluateAssertion(exists('$'), answer(body), new WorkBudget());
    expect(judgement).toMatchObject({ passed: false, reason: 'assertion_unevaluable' });
    expect(judgement.message).toContain('levels deep');
  }
});

test('fifty claims about one body share what may be spent, and cheap ones are still judged', () => {
  const claim = { source: 'body', compare: 'notMatches', value: 'x[ab]{9}y' } as const;
  const [one, budget] = [answer(noise(MEGABYTE)), new WorkBudget()];
  expect(evaluateAssertion(claim, one, budget)).toMatchObject({ passed: true });
  const others = Array.from({ length: 49 }, () => evaluateAssertion(claim, one, budget));
  expect(others.at(-1)).toMatchObject({ passed: false, reason: 'assertion_unevaluable' });
  const cheap = { source: 'responseTime', compare: 'lt', value: 10 } as const;
  expect(evaluateAssertion(cheap, one, budget)).toMatchObject({ passed: true });
});

describe('what people write', () => {
  const users = listOf(
    MEGABYTE,
    (index) => `{"id":${index},"name":"user ${index}","tags":["a","b"],"ok":true,"score":${index * 1.5}}`,
  );
  it.each<[string, Assertion, string]>([
    ['a list of a megabyte', { source: 'json', property: '$[*].ok', compare: 'eq', value: true }, users],
    [
      'a search in two hundred kilobytes',
      { source: 'json', property: '$..id', compare: 'gte', value: 0 },
      listOf(200_000, (index) => `{"id":${index}}`),
    ],
    [
      'a pattern in a megabyte',
      { source: 'body', compare: 'notMatches', value: String.raw`(?i)\b(?:error|fatal|exception)\b` },
      users,
    ],
    [
      'letters of any script',
      { source: 'body', compare: 'notMatches', value: String.raw`(?:\pL?){115}\d` },
      '漢'.repeat(MEGABYTE),
    ],
    [
      'a schema of a list',
      schema({
        type: 'array',
        items: {
          type: 'object',
          required: ['id', 'name'],
          properties: { id: { type: 'integer' }, name: { type: 'string', maxLength: 20 } },
        },
      }),
      listOf(200_000, (index) => `{"id":${index},"name":"user ${index}"}`),
    ],
  ])('stays below the budget: %s', (_, claim, body) => {
    expect(evaluateAssertion(claim, answer(body), new WorkBudget())).toMatchObject({ passed: true });
  });
});

describe('where a monitor is written', () => {
  const nestedIds = Array.from({ length: 40 }).reduce<object>(
    (inner, _, index) => ({ $id: `x${index}`, not: inner }),
    {},
  );

  it.each<[string, Assertion]>([
    ['a schema whose parts are looked through again and again', schema(nestedIds)],
    ['a schema of too many parts', schema({ allOf: Array.from({ length: 2_100 }, () => ({})) })],
    [
      'a schema that nests too deeply',
      schema(Array.from({ length: 300 }).reduce<object>((inner) => ({ not: inner }), {})),
    ],
    ['a pattern that is too large', matches(String.raw`(?:\pL\pM?){400}`)],
    ['a pattern in a schema that is too large', schema({ items: { pattern: 'a{999}b{999}' } })],
  ])('%s is refused', (_, claim) => {
    expect(writtenAssertionProblems([claim])).toEqual([
      { index: 0, path: 'value', message: expect.stringMatching(/may have|too large/) },
    ]);
  });

  it('all patterns together have a bound, and so have all schemas: what is over it is named', () => {
    const pattern = matches('[a-z]{900}');
    expect(writtenAssertionProblems([pattern, pattern, pattern])).toEqual([]);
    expect(writtenAssertionProblems([pattern, pattern, pattern, pattern, matches('a')])).toEqual([
      { index: 3, path: 'value', message: expect.stringContaining('all regular expressions of a monitor') },
    ]);
    const parts = schema({ allOf: Array.from({ length: 900 }, () => ({})) });
    expect(writtenAssertionProblems([parts, parts, parts])).toEqual([
      { index: 2, path: 'value', message: expect.stringContaining('all schemas of a monitor') },
    ]);
  });

  it('a stored pattern over the bound cannot be evaluated, and so never holds', () => {
    const claim = { source: 'body', compare: 'notMatches', value: String.raw`(?:\pL?){900}\d` } as const;
    const judgement = evaluateAssertion(claim, answer('abc'), new WorkBudget());
    expect(judgement).toMatchObject({ passed: false, reason: 'assertion_unevaluable' });
    expect(judgement.message).toContain('too large');
  });
});
