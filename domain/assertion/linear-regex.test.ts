import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex, firstMatch, regexProblem } from './linear-regex.ts';
import { WorkBudget } from './work-budget.ts';

describe('a regular expression', () => {
  it.each([
    'a{999}'.repeat(100),
    `(?:${'a'.repeat(900)}){1000}`,
    '(?:a{30}){33}'.repeat(70),
    '(?:[a-z()]{31}){32}'.repeat(40),
    String.raw`(?:\Q((\E\p{L}\x{41}){900}`,
    String.raw`(?:\(a\)){900}(?:\)[)\]({5}]{9}b{99}){99}`,
    'x'.repeat(6000),
  ])('that is small and grows beyond all bounds is refused before it does: %.40s', (pattern) => {
    expect(regexProblem(pattern)).toContain('too large');
    expect(() => compileRegex(pattern)).toThrow('too large');
  });

  it.each([
    [String.raw`^(?:\d{1,3}\.){3}\d{1,3}$`, '10.0.0.255'],
    ['[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'a 01234567-89ab-cdef-0123-456789abcdef'],
    ['^.{1,1000}$', 'a'],
    [String.raw`\x{41}{100}`, 'A'.repeat(100)],
    [String.raw`\p{Lu}{500}`, 'É'.repeat(500)],
    [String.raw`\Qa{9}(\E`, 'a{9}('],
    ['[]a{9}(]', '('],
    ['[[:alpha:]({]{2}', 'a('],
    ['a{,5}{', 'a{,5}{'],
  ])('as people write them is not: %s', (pattern, text) => {
    expect(regexProblem(pattern)).toBeNull();
    expect(firstMatch(compileRegex(pattern), text, new WorkBudget())).not.toBeNull();
  });

  it('never compiles to much more than it may be', () => {
    const atom = fc.constantFrom(
      'a',
      '.',
      '[a-z]',
      '[^](]',
      String.raw`\(`,
      String.raw`\d`,
      String.raw`\pL`,
      String.raw`\Q)(\E`,
    );
    const count = fc.constantFrom('', '*', '+?', '{0}', '{3}', '{2,}', '{1,40}', '{99}', '{600}');
    const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
      part: fc.oneof(
        { depthSize: 'small' },
        atom,
        tie('pattern').map((inner) => `(${inner})`),
        tie('pattern').map((inner) => `(?:${inner}|b)`),
      ),
      pattern: fc
        .array(fc.tuple(tie('part'), count), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.map(([part, times]) => part + times).join('')),
    }));
    fc.assert(
      fc.property(pattern, (text) => {
        fc.pre(regexProblem(text) === null);
        expect(compileRegex(text).programSize()).toBeLessThanOrEqual(2 * 5_000);
      }),
      { numRuns: 500 },
    );
  });
});
