import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mergeSketches,
  quantile,
  SKETCH_BINS_MAX,
  SKETCH_RELATIVE_ERROR,
  sketchCount,
  sketchOf,
  sketchSchema,
} from './sketch.ts';

/** Response times: from microseconds to half a minute, and exact zeros. */
const latency = fc.oneof(fc.double({ min: 1e-3, max: 30_000, noNaN: true }), fc.constant(0));
const latencies = fc.array(latency, { minLength: 1, maxLength: 300 });
const q = fc.double({ min: 0, max: 1, noNaN: true });

function exact(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(at * (sorted.length - 1))] ?? Number.NaN;
}

describe('a sketch', () => {
  it('knows every quantile to a relative error of 1 %', () => {
    fc.assert(
      fc.property(latencies, q, (values, at) => {
        const truth = exact(values, at);
        const estimate = quantile(sketchOf(values), at) ?? Number.NaN;
        // The last term allows for the rounding of floating-point logarithms at the edge of a bin.
        expect(Math.abs(estimate - truth)).toBeLessThanOrEqual(truth * (SKETCH_RELATIVE_ERROR + 1e-9));
      }),
      { numRuns: 500 },
    );
  });

  it('merged from parts is the sketch of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.array(latency, { maxLength: 50 }), { maxLength: 8 }), (parts) => {
        expect(mergeSketches(parts.map((part) => sketchOf(part)))).toEqual(sketchOf(parts.flat()));
      }),
    );
  });

  it('survives JSON and its own schema', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const sketch = sketchOf(values);
        expect(sketchSchema.parse(JSON.parse(JSON.stringify(sketch)))).toEqual(sketch);
        expect(sketchCount(sketch)).toBe(values.length);
      }),
    );
  });

  it('stays bounded over any range and keeps its high quantiles then', () => {
    const values = Array.from({ length: 4000 }, (_, index) => 1e-6 * 1.02 ** index);
    const sketch = sketchOf(values);
    expect(sketch.bins.length).toBeLessThanOrEqual(SKETCH_BINS_MAX);
    expect(sketchCount(sketch)).toBe(values.length);
    const truth = exact(values, 0.95);
    expect(Math.abs((quantile(sketch, 0.95) ?? 0) - truth)).toBeLessThanOrEqual(truth * SKETCH_RELATIVE_ERROR);
  });

  it('of nothing has no quantiles; what is no response time is refused', () => {
    expect(quantile(sketchOf([]), 0.5)).toBeNull();
    expect(quantile(mergeSketches([]), 0.5)).toBeNull();
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => sketchOf([value])).toThrow(RangeError);
  });
});
