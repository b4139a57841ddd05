import { expect, test } from 'vitest';
import { BoundedBytes } from './bounded-bytes.ts';

test('what was written longest ago goes when the sum of sizes is too large', () => {
  const kept = new BoundedBytes<string>(10_000);
  kept.set('a', 'A', 4_000);
  kept.set('b', 'B', 4_000);
  kept.set('a', 'A again', 4_000);
  expect([kept.get('a'), kept.get('b')]).toEqual(['A again', 'B']);
  kept.set('c', 'C', 4_000);
  expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual(['A again', undefined, 'C']);
  kept.set('d', 'D', 20_000);
  expect(['a', 'b', 'c', 'd'].map((key) => kept.get(key))).toEqual([undefined, undefined, undefined, undefined]);
});

test('entries without a body are bounded too', () => {
  const kept = new BoundedBytes<number>(10_000);
  for (let n = 0; n < 1_000; n += 1) kept.set(`${n}`, n, 0);
  const left = Array.from({ length: 1_000 }, (_, n) => kept.get(`${n}`)).filter((value) => value !== undefined);
  expect(left.length).toBeGreaterThan(0);
  expect(left.length).toBeLessThan(50);
});
