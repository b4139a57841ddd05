import { expect, test } from 'vitest';
import { type ContentCoding, chooseCoding } from './content-coding.ts';

const ALL = ['identity', 'gzip', 'br'] as const;

test.each<[string | null | undefined, readonly ContentCoding[], ContentCoding | null]>([
  // What clients send.
  [undefined, ALL, 'identity'],
  [null, ALL, 'identity'],
  ['', ALL, 'identity'],
  ['gzip, deflate, br, zstd', ALL, 'br'],
  ['gzip, deflate, br', ['identity', 'gzip'], 'gzip'],
  ['gzip', ALL, 'gzip'],
  ['x-gzip', ALL, 'gzip'],
  ['GZip;Q=0.5', ALL, 'gzip'],
  ['deflate, zstd', ALL, 'identity'],
  ['identity', ALL, 'identity'],
  // Weights decide, then our preference.
  ['gzip;q=1.0, br;q=0.9', ALL, 'gzip'],
  ['gzip;q=0.5,br;q=0.5', ALL, 'br'],
  ['gzip;q=0.001', ALL, 'gzip'],
  ['gzip;q=0.5, identity;q=0.8', ALL, 'identity'],
  ['gzip ; q=0.5', ALL, 'gzip'],
  // A star stands for what is not named.
  ['*', ALL, 'br'],
  ['*', ['identity', 'gzip'], 'gzip'],
  ['br;q=0, *', ALL, 'gzip'],
  ['*;q=0.3, identity', ALL, 'identity'],
  ['gzip, *;q=0', ALL, 'gzip'],
  ['*, gzip;q=0', ['identity', 'gzip'], 'identity'],
  // Refusals.
  ['gzip;q=0', ['identity', 'gzip'], 'identity'],
  ['gzip;q=0.000, br;q=0', ALL, 'identity'],
  ['identity;q=0', ALL, null],
  ['identity;q=0, gzip', ALL, 'gzip'],
  ['*;q=0', ALL, null],
  ['br, identity;q=0', ['identity', 'gzip'], null],
  ['*;q=0, identity;q=0.1', ALL, 'identity'],
  // What breaks the grammar says nothing.
  ['gzip;q=2', ALL, 'identity'],
  ['gzip;q=0.1234', ALL, 'identity'],
  ['gzip;level=9', ALL, 'identity'],
  ['identity;q=never', ALL, 'identity'],
  ['gzip br', ALL, 'identity'],
  [', ,;q=1, gzip', ALL, 'gzip'],
])('of %j with %j: %s', (acceptEncoding, available, coding) => {
  expect(chooseCoding(acceptEncoding, available)).toBe(coding);
});
