import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatLatency, formatPercent } from './quantity.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0 ms'],
    [0.42, '0.4 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [84.4, '84 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1274, '1.27 s'],
    [9999, '10.0 s'],
    [12_740, '12.7 s'],
    [59_990, '59 s'],
    [125_000, '2 min 5 s'],
  ])('latency %d', (ms, text) => {
    expect(formatLatency(ms)).toBe(text);
  });

  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [40_000, '40 s'],
    [60_000, '1 min'],
    [3_725_000, '1 h 2 min'],
    [3 * 86_400_000 + 4 * 3_600_000 + 59_000, '3 d 4 h'],
    [86_400_000 + 5000, '1 d'],
  ])('duration %d', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [null, 'no data'],
    [100, '100 %'],
    [0, '0 %'],
    [99.9999, '99.999 %'],
    [0.0001, '0.001 %'],
    [99.982, '99.982 %'],
    [99.5, '99.5 %'],
    [50, '50 %'],
  ])('percent %d', (percent, text) => {
    expect(formatPercent(percent)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [1024 * 1024, '1 MiB'],
  ])('bytes %d', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
