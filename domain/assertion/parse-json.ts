import type { WorkBudget } from './work-budget.ts';

/**
 * Units of work for reading JSON, by what is in it: the engine's own parser cannot be stopped, so its work is foreseen. A
 * key or a short text that it has not met before is entered into tables, and that costs many times what it costs to find
 * it there; the same goes for an object whose keys follow each other in a new order.
 */
const UNIT_WORK = 5;
const VALUE_WORK = 45;
const LIST_WORK = 65;
const OBJECT_WORK = 150;
const TEXT_WORK = 45;
const NEW_TEXT_WORK = 400;
const NEW_KEY_WORK = 650;

/** Deeper documents would overflow the stack of whoever walks through them. No API nests a tenth as deep. */
export const JSON_DEPTH_MAX = 1_000;

/** Texts up to this length are entered into tables by V8, as keys of every length are; a longer value is only copied. */
const SHORT_TEXT = 16;
/** Size of the tables of texts and orders that were met: a power of two. One that was overwritten counts as new again. */
const TABLE_SIZE = 16_384;
/** UTF-16 units between two looks at the budget. */
const PORTION = 16_384;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const LIST = 91;
const LIST_END = 93;
const OBJECT = 123;
const OBJECT_END = 125;

/** The document in a text. Throws when the text is not JSON, nests too deeply, or takes too much work to read. */
export function parseJson<T>(text: string, budget: WorkBudget): T {
  new Foresight(text, budget).run();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the body is not JSON');
  }
}

/** Spends what parsing a text will cost. A text that is not JSON is judged as if it were, up to its end. */
class Foresight {
  readonly #text: string;
  readonly #budget: WorkBudget;
  /** Beginning and length of each text that occurred, by hash; candidates are compared in full. */
  readonly #starts = new Int32Array(TABLE_SIZE);
  readonly #lengths = new Int32Array(TABLE_SIZE).fill(-1);
  /** Orders of keys that were met, as a tree: a node is its parent and a key. */
  readonly #parents = new Int32Array(TABLE_SIZE).fill(-1);
  readonly #keys = new Int32Array(TABLE_SIZE);
  readonly #nodes = new Int32Array(TABLE_SIZE);
  #nodeCount = 0;
  /** The keys so far of each object that is open, innermost last. Lists have the node -1. */
  readonly #open: number[] = [];
  #at = 0;
  #paidTo = 0;

  constructor(text: string, budget: WorkBudget) {
    this.#text = text;
    this.#budget = budget;
  }

  run(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      if (this.#at >= this.#paidTo) this.#pay();
      switch (text.charCodeAt(this.#at)) {
        case QUOTE:
          this.#readText();
          continue;
        case OBJECT:
          this.#enter(0, OBJECT_WORK);
          break;
        case LIST:
          this.#enter(-1, LIST_WORK);
          break;
        case OBJECT_END:
        case LIST_END:
          this.#open.pop();
          break;
        case COMMA:
          this.#budget.spend(VALUE_WORK);
          break;
      }
      this.#at++;
    }
  }

  #pay(): void {
    this.#budget.spend(UNIT_WORK * Math.min(PORTION, this.#text.length - this.#paidTo));
    this.#paidTo += PORTION;
  }

  #enter(node: number, work: number): void {
    this.#budget.spend(work);
    this.#open.push(node);
    if (this.#open.length > JSON_DEPTH_MAX) {
      throw new Error(`the document nests more than ${JSON_DEPTH_MAX} levels deep`);
    }
  }

  #readText(): void {
    const text = this.#text;
    const start = this.#at + 1;
    let hash = 0;
    let at = start;
    for (; at < text.length; at++) {
      if (at >= this.#paidTo) this.#pay();
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) break;
      hash = (Math.imul(hash, 31) + unit) | 0;
      if (unit === BACKSLASH) at++;
    }
    this.#at = at + 1;
    const slot = (hash ^ (hash >>> 14)) & (TABLE_SIZE - 1);
    const isKey = this.#isKey();
    const isNew = (isKey || at - start <= SHORT_TEXT) && !this.#hasMet(slot, start, at - start);
    this.#budget.spend(isNew ? NEW_TEXT_WORK : TEXT_WORK);
    if (isKey) this.#follow(this.#starts[slot] ?? 0);
  }

  #isKey(): boolean {
    let at = this.#at;
    // White space before a colon is allowed and hardly ever there.
    while (at < this.#text.length && this.#text.charCodeAt(at) <= 32) at++;
    return this.#text.charCodeAt(at) === COLON;
  }

  #hasMet(slot: number, start: number, length: number): boolean {
    const known = this.#starts[slot] ?? 0;
    if (this.#lengths[slot] === length && this.#isSame(known, start, length)) return true;
    this.#starts[slot] = start;
    this.#lengths[slot] = length;
    return false;
  }

  #isSame(one: number, other: number, length: number): boolean {
    for (let at = 0; at < length; at++) {
      if (this.#text.charCodeAt(one + at) !== this.#text.charCodeAt(other + at)) return false;
    }
    return true;
  }

  /** The object has one more key, which is named by the place where it was met first. */
  #follow(key: number): void {
    const depth = this.#open.length - 1;
    const parent = this.#open[depth] ?? -1;
    if (parent === -1) return;
    const slot = (Math.imul(parent, 0x9e3779b1) ^ Math.imul(key, 0x85ebca6b)) >>> 18;
    if (this.#parents[slot] !== parent || this.#keys[slot] !== key) {
      this.#budget.spend(NEW_KEY_WORK);
      this.#parents[slot] = parent;
      this.#keys[slot] = key;
      this.#nodes[slot] = ++this.#nodeCount;
    }
    this.#open[depth] = this.#nodes[slot] ?? 0;
  }
}
