import type { WorkBudget } from './work-budget.ts';

/** Units of work for comparing two values, for each property of an object, and for each 16 units of text. */
const VALUE_WORK = 40;
const PROPERTY_WORK = 120;
const TEXT_SHARE = 16;

/** Whether two JSON values are equal. Numbers are equal by value; the order of an object's properties is no matter. */
export function deepEqual(one: unknown, other: unknown, budget: WorkBudget): boolean {
  budget.spend(VALUE_WORK);
  if (typeof one === 'string' && typeof other === 'string') return sameText(one, other, budget);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && sameList(one, other, budget);
  }
  return sameObject(one, other, budget);
}

function sameText(one: string, other: string, budget: WorkBudget): boolean {
  if (one.length !== other.length) return false;
  budget.spend(one.length / TEXT_SHARE);
  return one === other;
}

function sameList(one: readonly unknown[], other: readonly unknown[], budget: WorkBudget): boolean {
  return one.length === other.length && one.every((item, index) => deepEqual(item, other[index], budget));
}

function sameObject(one: object, other: object, budget: WorkBudget): boolean {
  const keys = keysOf(one, budget);
  if (keys.length !== keysOf(other, budget).length) return false;
  return keys.every((key) => {
    if (!Object.hasOwn(other, key)) return false;
    return deepEqual(one[key as keyof typeof one], other[key as keyof typeof other], budget);
  });
}

/** An object's own names. Throws afterwards when there were too many: an object lists them before it can be counted. */
export function keysOf(value: object, budget: WorkBudget): string[] {
  const keys = Object.keys(value);
  budget.spend(VALUE_WORK + keys.length * PROPERTY_WORK);
  return keys;
}
