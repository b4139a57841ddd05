import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limit.ts';

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
