import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { query } from 'jsonpath-rfc9535';
import { describe, expect, it } from 'vitest';
import { readJsonPath } from './json-path.ts';
import { selectValues } from './json-path-query.ts';
import { WorkBudget } from './work-budget.ts';

interface ComplianceTest {
  readonly name: string;
  readonly selector: string;
  readonly document?: unknown;
  readonly result?: readonly unknown[];
  readonly results?: readonly (readonly unknown[])[];
  readonly invalid_selector?: boolean;
}

/** https://github.com/jsonpath-standard/jsonpath-compliance-test-suite, as the package jsonpath-rfc9535 carries it. */
const suite: { readonly tests: readonly ComplianceTest[] } = JSON.parse(
  readFileSync(
    new URL(
      '../../node_modules/jsonpath-rfc9535/src/__tests__/jsonpath-compliance-test-suite/cts.json',
      import.meta.url,
    ),
    'utf8',
  ),
);
const supported = suite.tests.filter(({ selector }) => !/(match|search)\s*\(/.test(selector));

describe('the compliance test suite of RFC 9535', () => {
  it('is there', () => {
    expect(supported.length).toBeGreaterThan(500);
  });

  it.each(supported.map((test) => [test.name, test] as const))('%s', (_, test) => {
    if (test.invalid_selector === true) {
      expect(() => readJsonPath(test.selector)).toThrow();
      return;
    }
    const values = selectValues(test.document, readJsonPath(test.selector), new WorkBudget());
    expect(test.results ?? [test.result]).toContainEqual(values);
  });
});

it('tells three conditions that all must hold from one and either of two', () => {
  const path = readJsonPath('$[?@.a && @.b && @.c]');
  const rows = [
    { a: 1, b: 1 },
    { a: 1, b: 1, c: 1 },
  ];
  expect(selectValues(rows, path, new WorkBudget())).toEqual([rows[1]]);
});

it.each([
  ['$[?match(@, "a")]', 'match() and search() are not supported'],
  ['$[?search(@.a, "a")]', 'match() and search() are not supported'],
  [`$[?${'('.repeat(60)}@.a${')'.repeat(60)}]`, 'nests more than'],
  ['$.a[', 'breaks at character 5'],
])('refuses %s', (path, why) => {
  expect(() => readJsonPath(path)).toThrow(why);
});

function inOrder(values: readonly unknown[]): string[] {
  return values.map((value) => JSON.stringify(value)).sort();
}

it.each(['$..*', '$..a', '$.*.*', '$[0,-1]', '$[::-1]', '$[1:3]', '$..[?@.a]', '$[?length(@) > 1]', '$..[?@.a < 2]'])(
  'selects by %s what another implementation selects',
  (path) => {
    const key = fc.constantFrom('a', 'b', '');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 0, 1, 2, 'a', 'ab', ''),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (document) => {
        const expected = query(document as Parameters<typeof query>[0], path);
        // RFC 9535 leaves open in which order `..` visits what is beside each other.
        expect(inOrder(selectValues(document, readJsonPath(path), new WorkBudget()))).toEqual(inOrder(expected));
      }),
      { numRuns: 100 },
    );
  },
);
