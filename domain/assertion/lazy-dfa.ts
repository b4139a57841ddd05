import { EMPTY, OP, type RegexProgram } from './regex-program.ts';
import type { WorkBudget } from './work-budget.ts';

/** Units of work per UTF-16 unit that is searched: one look into the table. */
const UNIT_WORK = 12;
/** UTF-16 units between two looks at the budget: few enough that a short text costs what it is long. */
const PORTION = 4_096;
/** Units for making a transition that is not in the table, and for each instruction that it visits. */
const TRANSITION_WORK = 3_600;
const INSTRUCTION_WORK = 220;
/** Units for the table of all characters below U+10000, once for each search with a text beyond Latin-1. */
const BMP_WORK = 200_000;
/** Most cells of a transition table, 4 bytes each. A search that needs more forgets its states and begins again. */
const CELLS_MAX = 256 * 1024;
const STATES_AT_FIRST = 16;

/** Values of a cell that name no state: states are numbered from 1. */
const UNKNOWN = 0;
const MATCHED = -1;
const DEAD = -2;

/** Properties of the character before a position, as flags; `text` is the text's beginning. */
const BEFORE = { text: 1, newline: 2, word: 4 } as const;

/** The instructions at which a match may be after the characters so far, and what the last one was. */
interface State {
  readonly pcs: Int32Array;
  readonly before: number;
}

/** The instructions that are reached from some instructions without taking a character. */
interface Closure {
  /** Instructions that wait for a character. */
  readonly runes: readonly number[];
  /** A match is complete. */
  readonly matches: boolean;
  readonly visited: number;
}

/**
 * Searches texts with a program. It builds the deterministic automaton of the program as far as the texts need it (RE2
 * does the same), so that most characters cost one look into a table. Every step is counted.
 */
export class LazyDfa {
  readonly #program: RegexProgram;
  /** Classes, and one more for the end of the text. */
  readonly #stride: number;
  readonly #statesMax: number;
  /** Whether a match may begin anywhere but at the text's beginning. */
  readonly #startsLater: boolean;
  readonly #visited: Int32Array;
  #visit = 0;
  #cells: Int32Array;
  #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  #bmp: Uint16Array | undefined;
  /** How far the text has been searched. */
  #at = 0;

  constructor(program: RegexProgram) {
    this.#program = program;
    this.#stride = program.classCount + 1;
    this.#statesMax = Math.max(STATES_AT_FIRST, Math.floor(CELLS_MAX / this.#stride));
    this.#cells = new Int32Array((STATES_AT_FIRST + 1) * this.#stride);
    this.#visited = new Int32Array(program.op.length);
    const { runes, matches } = this.#closure(Int32Array.of(program.start), ~EMPTY.beginText);
    this.#startsLater = matches || runes.length > 0;
  }

  /** Where the match that ends first ends, or -1 without a match. */
  firstEnd(text: string, budget: WorkBudget): number {
    let state = this.#numberOf(Int32Array.of(this.#program.start), BEFORE.text);
    this.#at = 0;
    while (this.#at < text.length) {
      const portionEnd = Math.min(text.length, this.#at + PORTION);
      budget.spend((portionEnd - this.#at) * UNIT_WORK);
      state = this.#search(state, text, portionEnd, budget);
      if (state < 0) return state === MATCHED ? this.#at : -1;
    }
    return this.#transition(state, this.#program.classCount, budget) === MATCHED ? text.length : -1;
  }

  /**
   * Moves on from `#at` to the portion's end, or to where the search is decided. Returns the state there, MATCHED or DEAD.
   * V8 optimizes this loop only as a function of its own: a loop inside another one is compiled anew for each portion.
   */
  #search(from: number, text: string, end: number, budget: WorkBudget): number {
    const { latin1 } = this.#program;
    const stride = this.#stride;
    let cells = this.#cells;
    let state = from;
    let at = this.#at;
    while (at < end) {
      const unit = text.charCodeAt(at);
      const isPair = unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(at + 1));
      const klass = unit < latin1.length ? (latin1[unit] ?? 0) : this.#classAt(text, at, isPair, budget);
      let next = cells[state * stride + klass] ?? UNKNOWN;
      if (next === UNKNOWN) {
        next = this.#transition(state, klass, budget);
        cells = this.#cells;
      }
      if (next < 0) {
        this.#at = at;
        return next;
      }
      state = next;
      at += isPair ? 2 : 1;
    }
    this.#at = at;
    return state;
  }

  #classAt(text: string, at: number, isPair: boolean, budget: WorkBudget): number {
    if (isPair) return this.#program.classOf(text.codePointAt(at) ?? 0);
    if (this.#bmp === undefined) {
      budget.spend(BMP_WORK);
      this.#bmp = this.#program.bmp();
    }
    return this.#bmp[text.charCodeAt(at)] ?? 0;
  }

  /** Computes a transition and keeps it in the table, from where the loop above takes it the next time. */
  #transition(state: number, klass: number, budget: WorkBudget): number {
    const from = this.#states[state - 1];
    if (from === undefined) return DEAD;
    budget.spend(TRANSITION_WORK + this.#stride);
    const { pcs, before } = from;
    const { runes, matches, visited } = this.#closure(pcs, this.#between(before, klass));
    budget.spend(visited * INSTRUCTION_WORK);
    const next = matches ? MATCHED : this.#after(runes, klass);
    // Finding the next state's number may have forgotten all states, this one too.
    if (this.#states[state - 1] === from) this.#cells[state * this.#stride + klass] = next;
    return next;
  }

  #after(runes: readonly number[], klass: number): number {
    const { out, takes, setOf, start, classCount, isNewline, isWord } = this.#program;
    if (klass === classCount) return DEAD;
    const pcs = new Set<number>(this.#startsLater ? [start] : []);
    for (const pc of runes) {
      if (takes[(setOf[pc] ?? 0) * classCount + klass] === 1) pcs.add(out[pc] ?? 0);
    }
    if (pcs.size === 0) return DEAD;
    const before = (isNewline[klass] === 1 ? BEFORE.newline : 0) | (isWord[klass] === 1 ? BEFORE.word : 0);
    return this.#numberOf(Int32Array.from(pcs).sort(), before);
  }

  /** The kinds of EMPTY that hold between what stood before and a character of the class, or the end. */
  #between(before: number, klass: number): number {
    const { classCount, isNewline, isWord } = this.#program;
    const atEnd = klass === classCount;
    const atBeginning = (before & BEFORE.text) !== 0;
    const wordBefore = (before & BEFORE.word) !== 0;
    const wordAfter = !atEnd && isWord[klass] === 1;
    return (
      (atBeginning ? EMPTY.beginText | EMPTY.beginLine : 0) |
      ((before & BEFORE.newline) !== 0 ? EMPTY.beginLine : 0) |
      (atEnd ? EMPTY.endText | EMPTY.endLine : isNewline[klass] === 1 ? EMPTY.endLine : 0) |
      (wordBefore === wordAfter ? EMPTY.noWordBoundary : EMPTY.wordBoundary)
    );
  }

  #closure(pcs: Int32Array, between: number): Closure {
    const { op, out, arg } = this.#program;
    const runes: number[] = [];
    let visited = 0;
    const stack = [...pcs];
    this.#visit++;
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (this.#visited[pc] === this.#visit) continue;
      this.#visited[pc] = this.#visit;
      visited++;
      const kind = op[pc];
      if (kind === OP.match) return { runes, matches: true, visited };
      if (kind === OP.fail) continue;
      if (kind === OP.alt || kind === OP.altMatch) stack.push(out[pc] ?? 0, arg[pc] ?? 0);
      else if (kind === OP.capture || kind === OP.nop) stack.push(out[pc] ?? 0);
      else if (kind !== OP.emptyWidth) runes.push(pc);
      else if (((arg[pc] ?? 0) & ~between) === 0) stack.push(out[pc] ?? 0);
    }
    return { runes, matches: false, visited };
  }

  #numberOf(pcs: Int32Array, before: number): number {
    const relevant = before & this.#relevant;
    const name = String.fromCharCode(relevant, ...pcs);
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#states.length >= this.#statesMax) this.#forget();
    const number = this.#states.push({ pcs, before: relevant });
    this.#numbers.set(name, number);
    if ((number + 1) * this.#stride > this.#cells.length) {
      const larger = new Int32Array(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    return number;
  }

  /** The flags of BEFORE that the program's conditions depend on. Other flags would only multiply states. */
  get #relevant(): number {
    const { emptyKinds } = this.#program;
    const asks = (kinds: number) => (emptyKinds & kinds) !== 0;
    return (
      (asks(EMPTY.beginText | EMPTY.beginLine) ? BEFORE.text : 0) |
      (asks(EMPTY.beginLine) ? BEFORE.newline : 0) |
      (asks(EMPTY.wordBoundary | EMPTY.noWordBoundary) ? BEFORE.word : 0)
    );
  }

  #forget(): void {
    this.#states = [];
    this.#numbers.clear();
    this.#cells.fill(UNKNOWN);
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
