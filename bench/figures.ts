/** Names with their unit last, in the order they are printed. */
export type Figures = Record<string, number | string>;

/** What a scenario found out. */
export interface Findings {
  readonly figures: Figures;
  /** The same figures for each of several steps or phases. */
  readonly rows?: readonly Figures[];
  /** A sentence for each goal that was missed: any of them makes the exit code 1. */
  readonly missedGoals?: readonly string[];
}

/** Nearest rank; NaN for no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return rounded(sorted[rank - 1] ?? Number.NaN, 1);
}

export function rounded(value: number, digits = 0): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
