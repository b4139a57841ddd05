import { isDeepStrictEqual } from 'node:util';

/** An invariant that does not hold. */
export class Violation extends Error {
  /** The sentence that does not hold, without ids and numbers, so that equal faults have equal sentences. */
  readonly invariant: string;

  constructor(invariant: string, evidence?: unknown) {
    super(evidence === undefined ? invariant : `${invariant}\n${JSON.stringify(evidence, null, 1)}`);
    this.name = 'Violation';
    this.invariant = invariant.replaceAll(/\b[a-z]{3}_\w+\b/g, '*').replaceAll(/\d[\d-]*/g, '#');
  }
}

export function requireThat(holds: boolean, invariant: string, evidence?: unknown): void {
  if (!holds) throw new Violation(invariant, evidence);
}

export function requireEqual(actual: unknown, expected: unknown, invariant: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Violation(invariant, { actual: without(actual, expected), expected: without(expected, actual) });
}

/** The elements of one list that the other lacks; the whole list when they differ in order or number only. */
export function without(one: unknown, other: unknown): unknown {
  if (!Array.isArray(one) || !Array.isArray(other)) return one;
  const own = one.filter((row) => !other.some((another) => isDeepStrictEqual(row, another)));
  return own.length === 0 && one.length >= other.length ? one : own;
}
