import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex, firstMatch, PATTERN_SIZE_MAX, patternSize, regexProblem } from './linear-regex.ts';
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
    String.raw`\pL`.repeat(60),
    String.raw`[\p{Greek}a-z\PN]{2}`.repeat(20),
    '((((a{9}){9}){9}){9})',
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
        expect(compileRegex(text).program.op.length).toBeLessThanOrEqual(2 * PATTERN_SIZE_MAX);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a match', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'K', 'k', '\u212a', '0', '_', ' ', '\n', 'é', '😀'),
    maxLength: 12,
  });
  const atom = fc.constantFrom(
    'a',
    'b',
    '[ab]',
    '[^a]',
    '.',
    '(?:)',
    '^',
    '$',
    String.raw`\b`,
    String.raw`\B`,
    '😀',
    'é',
    'k',
  );
  const count = fc.constantFrom('', '', '*', '+', '?', '*?', '{2}', '{1,2}', '{0,3}');
  const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
    part: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(atom, count).map(([one, times]) => (/^[$^\\]/.test(one) || one === '(?:)' ? one : one + times)),
      fc.tuple(tie('pattern'), count).map(([inner, times]) => `(?:${inner})${times}`),
      tie('pattern').map((inner) => `(${inner}|b)`),
    ),
    pattern: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  }));

  /** The same in RE2's words and in the engine's: both are leftmost searches over code points. */
  it.each([
    ['', 'u'],
    ['(?m)', 'mu'],
    ['(?s)', 'su'],
    ['(?i)', 'iu'],
  ])('with the flags %s is what JavaScript finds', (prefix, flags) => {
    fc.assert(
      fc.property(pattern, text, (body, searched) => {
        // In JavaScript, "." leaves out more than the newline; the texts have no other line ends.
        fc.pre(patternSize(body) <= PATTERN_SIZE_MAX);
        // With the flag "i" JavaScript takes the Kelvin sign for a word's character, RE2 does not.
        fc.pre(!(flags.includes('i') && /\\b/i.test(body) && searched.includes('\u212a')));
        // V8 takes the middle of a surrogate pair for a place where \B holds, also with the flag "u".
        fc.pre(!(body.includes(String.raw`\B`) && searched.includes('😀')));
        const expected = new RegExp(body, flags).test(searched);
        const found = firstMatch(compileRegex(prefix + body), searched, new WorkBudget());
        expect(found !== null).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('ends where the first match to be complete ends', () => {
    const end = (source: string, searched: string) => firstMatch(compileRegex(source), searched, new WorkBudget())?.end;
    expect(end('b+', 'aabbb')).toBe(3);
    expect(end('a.*', 'xa')).toBe(2);
    expect(end('ab$', 'abab')).toBe(4);
    expect(end(String.raw`\bx\b`, 'xx x')).toBe(4);
    expect(end('', '')).toBe(0);
    expect(end('😀$', 'a😀')).toBe(3);
  });
});

it.each([
  ['a', 1],
  ['a{9}', 9],
  ['(?:ab){3}', 18],
  [String.raw`(?:\pL?){115}\d`, 741],
  [String.raw`\d+`, 2],
  ['[a-z0-9]{4}', 4],
])('%s has the size %i', (pattern, size) => {
  expect(patternSize(pattern)).toBe(size);
});
