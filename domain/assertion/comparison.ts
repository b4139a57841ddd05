import { deepCompareStrict } from '@cfworker/json-schema';
import { shortened } from '../base/short-text.ts';
import type { AssertionCompare } from './assertion.ts';
import { compileRegex, firstMatch } from './linear-regex.ts';
import type { WorkBudget } from './work-budget.ts';

/** Whether the comparison of `actual` with `expected` holds. Throws when their types do not allow the comparison. */
export function holds(compare: AssertionCompare, actual: unknown, expected: unknown, budget: WorkBudget): boolean {
  switch (compare) {
    case 'eq':
      return deepCompareStrict(actual, expected);
    case 'ne':
      if (isScalarMismatch(actual, expected)) throw new Error(`${shown(actual)} is of another type`);
      return !deepCompareStrict(actual, expected);
    case 'lt':
      return order(actual, expected) < 0;
    case 'lte':
      return order(actual, expected) <= 0;
    case 'gt':
      return order(actual, expected) > 0;
    case 'gte':
      return order(actual, expected) >= 0;
    case 'contains':
      return contains(actual, expected);
    case 'notContains':
      return !contains(actual, expected);
    case 'matches':
      return matches(actual, expected, budget);
    case 'notMatches':
      return !matches(actual, expected, budget);
    case 'in':
      return Array.isArray(expected) && expected.some((item) => deepCompareStrict(actual, item));
    case 'exists':
    case 'notExists':
    case 'schema':
      throw new Error(`${compare} does not compare values`);
  }
}

/** 5 and "5" differ, but an assertion that they do would always hold, by mistake. Null is a value of its own. */
function isScalarMismatch(actual: unknown, expected: unknown): boolean {
  return actual !== null && expected !== null && typeof actual !== typeof expected;
}

const INTEGER = /^-?\d+$/;
/** A uint256 has 78 digits. A longer number would be rounded, or be expensive to compare. */
const NUMBER_LENGTH_MAX = 100;
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/** Negative, zero or positive. Big integers, as numbers or text, are compared exactly. */
function order(actual: unknown, expected: unknown): number {
  const [left, right] = [decimalText(actual), decimalText(expected)];
  if (INTEGER.test(left) && INTEGER.test(right)) {
    const difference = BigInt(left) - BigInt(right);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return Number(left) - Number(right);
}

function decimalText(value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  if (text.length > NUMBER_LENGTH_MAX || !DECIMAL.test(text)) throw new Error(`${shown(value)} is not a number`);
  return text;
}

function contains(actual: unknown, expected: unknown): boolean {
  if (typeof actual === 'string') {
    if (typeof expected === 'string') return actual.includes(expected);
    throw new Error(`${shown(actual)} is text`);
  }
  if (Array.isArray(actual)) return listContains(actual, expected);
  if (typeof actual === 'object' && actual !== null && typeof expected === 'string') {
    return Object.hasOwn(actual, expected);
  }
  throw new Error(`${shown(actual)} contains nothing`);
}

function listContains(list: readonly unknown[], expected: unknown): boolean {
  if (list.some((item) => deepCompareStrict(item, expected))) return true;
  // As for `ne`: an assertion that ["5"] does not contain 5 would always hold, by mistake.
  if (list.length > 0 && list.every((item) => isScalarMismatch(item, expected))) {
    throw new Error(`${shown(list)} holds values of another type`);
  }
  return false;
}

/** The first value that equals or contains the expected one. Throws when no value is of a type that can be compared. */
export function firstContaining<T>(values: readonly T[], expected: unknown): T | undefined {
  const comparable = values.filter((value) => canContain(value, expected) || !isScalarMismatch(value, expected));
  if (comparable.length === 0) throw new Error(`${shown(values)} are of another type`);
  return comparable.find(
    (value) => deepCompareStrict(value, expected) || (canContain(value, expected) && contains(value, expected)),
  );
}

function canContain(value: unknown, expected: unknown): boolean {
  if (Array.isArray(value)) return true;
  return typeof expected === 'string' && (typeof value === 'string' || (typeof value === 'object' && value !== null));
}

function matches(actual: unknown, expected: unknown, budget: WorkBudget): boolean {
  if (typeof actual !== 'string' && typeof actual !== 'number') throw new Error(`${shown(actual)} is not text`);
  return firstMatch(compileRegex(String(expected)), String(actual), budget) !== null;
}

/** Longest quotation of a value in a message, in characters. */
const SHOWN_LENGTH_MAX = 100;

/** A value in the form in which messages quote it. */
export function shown(value: unknown): string {
  // The text is cut before it is quoted, because a body may have megabytes.
  const short = typeof value === 'string' ? value.slice(0, SHOWN_LENGTH_MAX + 1) : value;
  const text = JSON.stringify(short) ?? 'nothing';
  return shortened(text, SHOWN_LENGTH_MAX);
}
