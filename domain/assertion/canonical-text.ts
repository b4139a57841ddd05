import { keysOf } from './deep-equal.ts';
import type { WorkBudget } from './work-budget.ts';

/** Units of work for each value, and for each character of a text. */
const VALUE_WORK = 350;
const CHARACTER_WORK = 4;
/** Share of a unit for each character that is copied, once for every level that it is inside of. */
const COPY_WORK = 0.5;
/** Units for putting a key in its place among `n` others: this, times the logarithm of `n`. */
const ORDER_WORK = 60;

/** JSON text that is the same for equal values: an object's properties are in one order, and -0 is 0. */
export function canonicalText(value: unknown, budget: WorkBudget): string {
  budget.spend(VALUE_WORK);
  if (typeof value === 'string') {
    budget.spend(value.length * CHARACTER_WORK);
    return JSON.stringify(value);
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${joined(
      value.map((item) => canonicalText(item, budget)),
      budget,
    )}]`;
  }
  const keys = keysOf(value, budget);
  budget.spend(keys.length * Math.log2(keys.length + 1) * ORDER_WORK);
  const members = keys
    .sort()
    .map((key) => `${canonicalText(key, budget)}:${canonicalText(value[key as keyof typeof value], budget)}`);
  return `{${joined(members, budget)}}`;
}

function joined(parts: readonly string[], budget: WorkBudget): string {
  budget.spend(parts.reduce((length, part) => length + part.length, 0) * COPY_WORK);
  return parts.join(',');
}
