import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

const POLICY = { name: 'p', burst: 3, windowSeconds: 3 };

test('a bucket gives its burst, then one token each time one has flowed in', () => {
  const limiter = new RateLimiter();
  const take = (ms: number, key = 'a') => limiter.take(key, POLICY, ms);
  expect([take(0), take(0), take(0)].map((answer) => answer.remaining)).toEqual([2, 1, 0]);
  expect(take(0)).toEqual({ remaining: 0, retryAfterSeconds: 1 });
  expect(take(0, 'b').retryAfterSeconds).toBe(0);
  expect(take(999).retryAfterSeconds).toBe(1);
  expect(take(1000).retryAfterSeconds).toBe(0);
  expect(take(60_000).remaining).toBe(2);
});

test('a clock that steps back takes nothing away and gives nothing', () => {
  const limiter = new RateLimiter();
  limiter.take('a', POLICY, 10_000);
  expect(limiter.take('a', POLICY, 0).remaining).toBe(1);
});

test('several tokens are taken together or not at all', () => {
  const limiter = new RateLimiter();
  expect(limiter.take('a', POLICY, 0, 2).remaining).toBe(1);
  expect(limiter.take('a', POLICY, 0, 2)).toEqual({ remaining: 1, retryAfterSeconds: 1 });
  expect(limiter.retryAfterSeconds('a', POLICY, 0, 3)).toBe(2);
  expect(limiter.take('a', POLICY, 1000, 2).retryAfterSeconds).toBe(0);
});
