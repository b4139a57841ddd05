import { deepEqual, keysOf } from './deep-equal.ts';
import type { Comparison, JsonPath, Operand, Selector, Test } from './json-path.ts';
import type { WorkBudget } from './work-budget.ts';

/** Units of work for one value inside another one. */
const CHILD_WORK = 45;
/** Units for one value that a selector is applied to, that it selects, or that a filter tests. */
const VALUE_WORK = 120;
/** Units for each character whose length is counted, or compared. */
const CHARACTER_WORK = 3;

/** The result of a query that selects nothing, where a value is asked for (RFC 9535, section 2.3.5.2.2). */
const NOTHING = Symbol('nothing');
type Value = unknown | typeof NOTHING;

/** The values that a path selects in a document, in its order. Throws when that takes too much work. */
export function selectValues(document: unknown, path: JsonPath, budget: WorkBudget): unknown[] {
  return new Query(document, budget).select(path, document);
}

class Query {
  readonly #root: unknown;
  readonly #budget: WorkBudget;

  constructor(root: unknown, budget: WorkBudget) {
    this.#root = root;
    this.#budget = budget;
  }

  select({ from, segments }: JsonPath, current: unknown): unknown[] {
    let selected: unknown[] = [from === 'root' ? this.#root : current];
    for (const { descends, selectors } of segments) {
      const next: unknown[] = [];
      for (const value of selected) {
        if (descends) this.#descend(value, (inner) => this.#selectAll(selectors, inner, next));
        else this.#selectAll(selectors, value, next);
      }
      selected = next;
    }
    return selected;
  }

  /** A value before what is inside it. */
  #descend(value: unknown, visit: (value: unknown) => void): void {
    visit(value);
    for (const child of this.#childrenOf(value)) {
      if (typeof child === 'object' && child !== null) this.#descend(child, visit);
    }
  }

  #selectAll(selectors: readonly Selector[], value: unknown, into: unknown[]): void {
    for (const selector of selectors) {
      this.#budget.spend(VALUE_WORK);
      this.#apply(selector, value, into);
    }
  }

  #apply(selector: Selector, value: unknown, into: unknown[]): void {
    switch (selector.kind) {
      case 'name':
        if (isObject(value) && Object.hasOwn(value, selector.name)) into.push(value[selector.name]);
        return;
      case 'index': {
        if (!Array.isArray(value)) return;
        const index = selector.index < 0 ? value.length + selector.index : selector.index;
        if (index >= 0 && index < value.length) into.push(value[index]);
        return;
      }
      case 'wildcard':
        for (const child of this.#childrenOf(value)) into.push(child);
        return;
      case 'slice':
        if (Array.isArray(value)) this.#slice(selector, value, into);
        return;
      case 'filter':
        for (const child of this.#childrenOf(value)) if (this.#holds(selector.test, child)) into.push(child);
        return;
    }
  }

  #childrenOf(value: unknown): readonly unknown[] {
    if (Array.isArray(value)) {
      this.#budget.spend(value.length * CHILD_WORK);
      return value;
    }
    if (!isObject(value)) return [];
    const keys = keysOf(value, this.#budget);
    this.#budget.spend(keys.length * CHILD_WORK);
    return keys.map((key) => value[key]);
  }

  /** RFC 9535, section 2.3.4.2.2. */
  #slice({ start, end, step }: Extract<Selector, { kind: 'slice' }>, list: readonly unknown[], into: unknown[]): void {
    if (step === 0) return;
    const { length } = list;
    const fromEnd = (index: number) => (index >= 0 ? index : length + index);
    const forward = step > 0;
    const [low, high] = forward ? [0, length] : [-1, length - 1];
    const within = (index: number) => Math.min(Math.max(fromEnd(index), low), high);
    const first = start === null ? (forward ? 0 : length - 1) : within(start);
    const last = end === null ? (forward ? length : -1) : within(end);
    for (let index = first; forward ? index < last : index > last; index += step) {
      this.#budget.spend(VALUE_WORK);
      into.push(list[index]);
    }
  }

  #holds(test: Test, current: unknown): boolean {
    this.#budget.spend(VALUE_WORK);
    switch (test.kind) {
      case 'or':
        return test.parts.some((part) => this.#holds(part, current));
      case 'and':
        return test.parts.every((part) => this.#holds(part, current));
      case 'not':
        return !this.#holds(test.test, current);
      case 'exists':
        return this.select(test.path, current).length > 0;
      case 'compare':
        return this.#compare(this.#valueOf(test.left, current), test.by, this.#valueOf(test.right, current));
    }
  }

  #valueOf(operand: Operand, current: unknown): Value {
    this.#budget.spend(VALUE_WORK);
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'path':
        return only(this.select(operand.path, current));
      case 'length':
        return this.#lengthOf(this.#valueOf(operand.of, current));
      case 'count':
        return this.select(operand.path, current).length;
      case 'value':
        return only(this.select(operand.path, current));
    }
  }

  #lengthOf(value: Value): Value {
    if (typeof value === 'string') {
      this.#budget.spend(value.length * CHARACTER_WORK);
      let length = 0;
      for (const _ of value) length++;
      return length;
    }
    if (Array.isArray(value)) return value.length;
    return isObject(value) ? keysOf(value, this.#budget).length : NOTHING;
  }

  #compare(left: Value, by: Comparison, right: Value): boolean {
    switch (by) {
      case '==':
        return this.#isSame(left, right);
      case '!=':
        return !this.#isSame(left, right);
      case '<':
        return this.#isLess(left, right);
      case '>':
        return this.#isLess(right, left);
      case '<=':
        return this.#isLess(left, right) || this.#isSame(left, right);
      case '>=':
        return this.#isLess(right, left) || this.#isSame(left, right);
    }
  }

  #isSame(left: Value, right: Value): boolean {
    if (left === NOTHING || right === NOTHING) return left === right;
    return deepEqual(left, right, this.#budget);
  }

  #isLess(left: Value, right: Value): boolean {
    if (typeof left === 'number' && typeof right === 'number') return left < right;
    if (typeof left !== 'string' || typeof right !== 'string') return false;
    this.#budget.spend(Math.min(left.length, right.length) * CHARACTER_WORK);
    return isBefore(left, right);
  }
}

/** By Unicode scalar values (RFC 9535, section 2.3.5.2.2); `<` would compare surrogates. */
function isBefore(left: string, right: string): boolean {
  for (let at = 0; at < left.length && at < right.length; at++) {
    if (left.charCodeAt(at) === right.charCodeAt(at)) continue;
    return (left.codePointAt(at) ?? 0) < (right.codePointAt(at) ?? 0);
  }
  return left.length < right.length;
}

function only(values: readonly unknown[]): Value {
  return values.length === 1 ? values[0] : NOTHING;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
