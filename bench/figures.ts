/** Figures by name, in the order in which they are printed; the unit is the last part of a name. */
export type Figures = Record<string, number | string>;

/** The result of a scenario. */
export interface Findings {
  readonly figures: Figures;
  /** One set of figures for each step or phase. */
  readonly rows?: readonly Figures[];
  /** One sentence for each missed goal; any of them makes the exit code 1. */
  readonly missedGoals?: readonly string[];
}

/** The percentile by nearest rank; NaN for no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return rounded(sorted[rank - 1] ?? Number.NaN, 1);
}

export function rounded(value: number, digits = 0): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
