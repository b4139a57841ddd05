import { shortened } from '../base/short-text.ts';
import type { AssertionCompare } from './assertion.ts';
import { deepEqual, keysOf } from './deep-equal.ts';
import { compileRegex, firstMatch } from './linear-regex.ts';
import { containsText } from './substring.ts';
import { TooMuchWork, type WorkBudget } from './work-budget.ts';

/** Whether the comparison of `actual` with `expected` holds. Throws when their types do not allow the comparison. */
export function holds(compare: AssertionCompare, actual: unknown, expected: unknown, budget: WorkBudget): boolean {
  switch (compare) {
    case 'eq':
      return deepEqual(actual, expected, budget);
    case 'ne':
      if (isScalarMismatch(actual, expected)) throw new Error(`${shown(actual, budget)} is of another type`);
      return !deepEqual(actual, expected, budget);
    case 'lt':
      return order(actual, expected, budget) < 0;
    case 'lte':
      return order(actual, expected, budget) <= 0;
    case 'gt':
      return order(actual, expected, budget) > 0;
    case 'gte':
      return order(actual, expected, budget) >= 0;
    case 'contains':
      return contains(actual, expected, budget);
    case 'notContains':
      return !contains(actual, expected, budget);
    case 'matches':
      return matches(actual, expected, budget);
    case 'notMatches':
      return !matches(actual, expected, budget);
    case 'in':
      return Array.isArray(expected) && expected.some((item) => deepEqual(actual, item, budget));
    case 'exists':
    case 'notExists':
    case 'schema':
      throw new Error(`${compare} does not compare values`);
  }
}

/** Units of work for looking at the type of a value. */
const VALUE_WORK = 20;
/** Units for comparing two numbers, which may be long texts. */
const ORDER_WORK = 1_000;

/** 5 and "5" differ, but an assertion that they do would always hold, by mistake. Null is a value of its own. */
function isScalarMismatch(actual: unknown, expected: unknown): boolean {
  return actual !== null && expected !== null && typeof actual !== typeof expected;
}

const INTEGER = /^-?\d+$/;
/** A uint256 has 78 digits. A longer number would be rounded, or be expensive to compare. */
const NUMBER_LENGTH_MAX = 100;
/** Longest text with blanks around a number. */
const PADDED_LENGTH_MAX = 1_000;
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/** Negative, zero or positive. Big integers, as numbers or text, are compared exactly. */
function order(actual: unknown, expected: unknown, budget: WorkBudget): number {
  budget.spend(ORDER_WORK);
  const [left, right] = [decimalText(actual, budget), decimalText(expected, budget)];
  if (INTEGER.test(left) && INTEGER.test(right)) {
    const difference = BigInt(left) - BigInt(right);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return Number(left) - Number(right);
}

function decimalText(value: unknown, budget: WorkBudget): string {
  const isShort = typeof value === 'number' || (typeof value === 'string' && value.length <= PADDED_LENGTH_MAX);
  const text = isShort ? String(value).trim() : '';
  if (text.length > NUMBER_LENGTH_MAX || !DECIMAL.test(text))
    throw new Error(`${shown(value, budget)} is not a number`);
  return text;
}

function contains(actual: unknown, expected: unknown, budget: WorkBudget): boolean {
  if (typeof actual === 'string') {
    if (typeof expected === 'string') return containsText(actual, expected, budget);
    throw new Error(`${shown(actual, budget)} is text`);
  }
  if (Array.isArray(actual)) return listContains(actual, expected, budget);
  if (typeof actual === 'object' && actual !== null && typeof expected === 'string') {
    return Object.hasOwn(actual, expected);
  }
  throw new Error(`${shown(actual, budget)} contains nothing`);
}

function listContains(list: readonly unknown[], expected: unknown, budget: WorkBudget): boolean {
  if (list.some((item) => deepEqual(item, expected, budget))) return true;
  // As for `ne`: an assertion that ["5"] does not contain 5 would always hold, by mistake.
  if (list.length > 0 && list.every((item) => isScalarMismatch(item, expected))) {
    throw new Error(`${shown(list, budget)} holds values of another type`);
  }
  return false;
}

/** The first value that equals or contains the expected one. Throws when no value is of a type that can be compared. */
export function firstContaining<T>(values: readonly T[], expected: unknown, budget: WorkBudget): T | undefined {
  budget.spend(values.length * VALUE_WORK);
  const comparable = values.filter((value) => canContain(value, expected) || !isScalarMismatch(value, expected));
  if (comparable.length === 0) throw new Error(`${shown(values, budget)} are of another type`);
  return comparable.find(
    (value) => deepEqual(value, expected, budget) || (canContain(value, expected) && contains(value, expected, budget)),
  );
}

function canContain(value: unknown, expected: unknown): boolean {
  if (Array.isArray(value)) return true;
  return typeof expected === 'string' && (typeof value === 'string' || (typeof value === 'object' && value !== null));
}

function matches(actual: unknown, expected: unknown, budget: WorkBudget): boolean {
  if (typeof actual !== 'string' && typeof actual !== 'number') throw new Error(`${shown(actual, budget)} is not text`);
  return firstMatch(compileRegex(String(expected)), String(actual), budget) !== null;
}

/** Longest quotation of a value in a message, in characters. */
const SHOWN_LENGTH_MAX = 100;

/** Most items of a list, and most properties of an object, that a quotation can have room for. */
const SHOWN_PARTS_MAX = SHOWN_LENGTH_MAX / 2;

/** A value in the form in which messages quote it. */
export function shown(value: unknown, budget: WorkBudget): string {
  return shortened(quoted(value, budget, SHOWN_LENGTH_MAX), SHOWN_LENGTH_MAX);
}

/** The beginning of a value's JSON: a value may have megabytes. */
function quoted(value: unknown, budget: WorkBudget, room: number): string {
  // A text is cut before it is quoted.
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_LENGTH_MAX + 1));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing';
  if (room <= 0) return '…';
  const first = firstParts(value, budget);
  if (first === null) return '{…}';
  const parts: string[] = [];
  let left = room;
  for (const [name, part] of first) {
    const text = name + quoted(part, budget, left - name.length);
    parts.push(text);
    left -= text.length + 1;
    if (left <= 0) break;
  }
  return Array.isArray(value) ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

/** The names and values that a quotation begins with; null when not even the names can be had for what is left. */
function firstParts(value: object, budget: WorkBudget): (readonly [name: string, part: unknown])[] | null {
  if (Array.isArray(value)) return value.slice(0, SHOWN_PARTS_MAX).map((item) => ['', item]);
  try {
    const keys = keysOf(value, budget).slice(0, SHOWN_PARTS_MAX);
    return keys.map((key) => [`${quoted(key, budget, 0)}:`, value[key as keyof typeof value]]);
  } catch (error) {
    if (error instanceof TooMuchWork) return null;
    throw error;
  }
}
