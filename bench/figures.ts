/** Names with their unit last, in the order they are printed. */
export type Figures = Record<string, number | string>;

export interface BenchOptions {
  readonly seconds: number;
  readonly trials: number;
  readonly monitors: number;
  /** Of what happens by chance. */
  readonly seed: number;
}

/** Nearest rank; NaN for no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return Math.round((sorted[rank - 1] ?? Number.NaN) * 10) / 10;
}
