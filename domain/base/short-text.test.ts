import fc from 'fast-check';
import { expect, it } from 'vitest';
import { evaluateAssertion } from '../assertion/assertion-evaluation.ts';
import { WorkBudget } from '../assertion/work-budget.ts';
import { roundSummary } from '../watch/round-summary.ts';
import { shortened, storable } from './short-text.ts';

it('shortens at the end of a character', () => {
  expect(shortened('abc', 3)).toBe('abc');
  expect(shortened('abcd', 3)).toBe('ab…');
  expect(shortened('a😀😀', 3)).toBe('a…');
  expect(shortened('a😀b', 4)).toBe('a😀b');
});

it('never makes a text longer or tears a character apart', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 1, max: 40 }), (text, lengthMax) => {
      const short = shortened(text, lengthMax);
      expect(short.length).toBeLessThanOrEqual(Math.max(lengthMax, 1));
      expect(short.isWellFormed()).toBe(true);
    }),
  );
});

it('makes whatever a target answered storable, at the same length', () => {
  expect(storable('a\u0000b\ud83dc\ude00 😀')).toBe('a\ufffdb\ufffdc\ufffd 😀');
});

it.each(['', 'a'])('quotes emoji whole, after "%s"', (start) => {
  const body = start + '😀'.repeat(300);
  const { message } = evaluateAssertion(
    { source: 'body', compare: 'eq', value: 'ok' },
    { status: 200, headers: [], body, bodyCut: false, responseTimeMs: 1, tls: undefined, atMs: 0 },
    new WorkBudget(),
  );
  expect(message).toContain('😀');
  expect(message.isWellFormed()).toBe(true);
  const summary = roundSummary(6, [{ location: 'eu-west', reason: 'assertion_failed', detail: body }]);
  expect(summary).toContain('😀');
  expect(summary.isWellFormed()).toBe(true);
});
