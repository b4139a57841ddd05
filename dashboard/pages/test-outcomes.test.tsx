import { expect, test } from 'vitest';
import { answerOf } from './test-outcomes.tsx';

test.each([
  [0, 1, 'The location succeeds.'],
  [1, 1, 'The location does not succeed.'],
  [0, 6, 'All 6 locations succeed.'],
  [1, 6, '1 of 6 locations does not succeed.'],
  [2, 6, '2 of 6 locations do not succeed.'],
  [6, 6, 'None of 6 locations succeeds.'],
])('%i of %i failed', (failed, total, sentence) => {
  expect(answerOf(failed, total)).toBe(sentence);
});
