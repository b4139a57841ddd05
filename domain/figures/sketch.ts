import { z } from 'zod';

/**
 * DDSketch: quantiles of response times with a bounded relative error, mergeable without loss.
 * Charles Masson, Jee E. Rim, Homin K. Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
 * Relative-Error Guarantees", PVLDB 12(12), 2019. A value x > 0 is counted in bin ⌈log_γ x⌉ with
 * γ = (1 + α) / (1 − α); each quantile is then known to a relative error of α.
 */
export const SKETCH_RELATIVE_ERROR = 0.01;
const GAMMA = (1 + SKETCH_RELATIVE_ERROR) / (1 - SKETCH_RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** A response time below a nanosecond (in milliseconds) counts as zero. */
const SMALLEST = 1e-6;
/**
 * Most bins of a sketch. Bins from 1 µs to 30 s are about 860; beyond the limit the lowest are merged, as in the paper.
 */
export const SKETCH_BINS_MAX = 1024;

/** The stored form: `bins` are [index, count] in ascending order of index. */
export const sketchSchema = z.object({
  v: z.literal(1),
  /** Values that count as zero. */
  zero: z.int().min(0),
  bins: z.array(z.tuple([z.int(), z.int().min(1)])).max(SKETCH_BINS_MAX),
});
export type Sketch = z.infer<typeof sketchSchema>;

/** The sketch of non-negative finite numbers; throws RangeError for anything else. */
export function sketchOf(values: Iterable<number>): Sketch {
  const counts = new Map<number, number>();
  let zero = 0;
  for (const value of values) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new RangeError(`cannot sketch ${value}`);
    if (value < SMALLEST) zero++;
    else add(counts, Math.ceil(Math.log(value) / LOG_GAMMA), 1);
  }
  return { v: 1, zero, bins: collapsed(counts) };
}

/** The sketch of all values of the given sketches. */
export function mergeSketches(sketches: Iterable<Sketch>): Sketch {
  const counts = new Map<number, number>();
  let zero = 0;
  for (const sketch of sketches) {
    zero += sketch.zero;
    for (const [index, count] of sketch.bins) add(counts, index, count);
  }
  return { v: 1, zero, bins: collapsed(counts) };
}

export function sketchCount(sketch: Sketch): number {
  return sketch.bins.reduce((sum, [, count]) => sum + count, sketch.zero);
}

/** The value at rank 1 + ⌊q (n − 1)⌋ of n, to the relative error; null for an empty sketch. `q` is 0 to 1. */
export function quantile(sketch: Sketch, q: number): number | null {
  const total = sketchCount(sketch);
  if (total === 0) return null;
  const rank = 1 + Math.floor(q * (total - 1));
  let seen = sketch.zero;
  if (rank <= seen) return 0;
  for (const [index, count] of sketch.bins) {
    seen += count;
    if (rank <= seen) return binValue(index);
  }
  throw new RangeError(`a quantile is between 0 and 1, not ${q}`);
}

/** The middle of bin (γ^(i−1), γ^i]: every value of the bin is within the relative error of it. */
function binValue(index: number): number {
  return (2 * GAMMA ** index) / (GAMMA + 1);
}

function add(counts: Map<number, number>, index: number, count: number): void {
  counts.set(index, (counts.get(index) ?? 0) + count);
}

/** Sorted bins. The lowest are merged into one when there are too many, which keeps the accuracy of high quantiles. */
function collapsed(counts: ReadonlyMap<number, number>): [number, number][] {
  const bins = [...counts].sort(([a], [b]) => a - b);
  const surplus = bins.length - SKETCH_BINS_MAX;
  if (surplus <= 0) return bins;
  const lowest = bins.splice(0, surplus);
  const first = bins[0];
  if (first !== undefined) first[1] += lowest.reduce((sum, [, count]) => sum + count, 0);
  return bins;
}
