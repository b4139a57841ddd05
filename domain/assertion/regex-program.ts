import { RE2JS } from 're2js';
import { z } from 'zod';

/** Kinds of instructions; the numbers are those of RE2JS, which exports no names for them. */
export const OP = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nop: 7,
  rune: 8,
  rune1: 9,
  runeAny: 10,
  runeAnyNotNewline: 11,
} as const;

/** Conditions between two characters, as flags; an instruction `emptyWidth` requires some of them. */
export const EMPTY = {
  beginLine: 1,
  endLine: 2,
  beginText: 4,
  endText: 8,
  wordBoundary: 16,
  noWordBoundary: 32,
} as const;

const RUNE_MAX = 0x10ffff;
const NEWLINE = 10;
/** RE2's flag of an instruction whose single character stands for all its cases. */
const FOLD_CASE = 1;
const LATIN1 = 256;
const BMP = 0x10000;
const WORD_RANGES = [48, 57, 65, 90, 95, 95, 97, 122];

/** The part of RE2JS's compiled program that is read here. It is no documented interface, so it is checked. */
const programSchema = z.object({
  start: z.int().min(0),
  numLb: z.literal(0),
  inst: z.array(z.object({ op: z.int().min(1).max(11), out: z.int(), arg: z.int(), runes: z.instanceof(Int32Array) })),
});
type Instructions = z.infer<typeof programSchema>['inst'];

/**
 * A regular expression in RE2's syntax, compiled to instructions over classes of characters: all characters of a class are
 * alike to every instruction. RE2JS reads the syntax; matching is LazyDfa's, because RE2JS cannot be stopped.
 */
export interface RegexProgram {
  readonly start: number;
  readonly op: Uint8Array;
  readonly out: Int32Array;
  readonly arg: Int32Array;
  readonly classCount: number;
  /** Whether the instruction takes characters of the class: one byte each, by instruction's set and class. */
  readonly takes: Uint8Array;
  readonly setOf: Int32Array;
  readonly isWord: Uint8Array;
  readonly isNewline: Uint8Array;
  /** The kinds of EMPTY that occur: contexts that differ in no other way need no states of their own. */
  readonly emptyKinds: number;
  readonly latin1: Uint16Array;
  /** Class of every character below U+10000; made at the first text that needs it. */
  bmp(): Uint16Array;
  classOf(rune: number): number;
}

/** Throws RE2JS's error when the pattern is not in RE2's syntax. */
export function regexProgram(pattern: string): RegexProgram {
  const { start, inst } = programSchema.parse(RE2JS.compile(pattern).re2Input.prog);
  const sets = new CharacterSets(inst);
  const emptyKinds = inst.reduce((kinds, { op, arg }) => (op === OP.emptyWidth ? kinds | arg : kinds), 0);
  const classes = new CharacterClasses(sets.ranges, emptyKinds);
  let bmp: Uint16Array | undefined;
  return {
    start,
    op: Uint8Array.from(inst, ({ op }) => op),
    out: Int32Array.from(inst, ({ out }) => out),
    arg: Int32Array.from(inst, ({ arg }) => arg),
    classCount: classes.count,
    takes: classes.members(sets.ranges),
    setOf: sets.ofInstruction,
    isWord: classes.member(WORD_RANGES),
    isNewline: classes.member([NEWLINE, NEWLINE]),
    emptyKinds,
    latin1: classes.table(LATIN1),
    bmp: () => {
      bmp ??= classes.table(BMP);
      return bmp;
    },
    classOf: (rune) => classes.of(rune),
  };
}

/** The sets of characters that instructions take, each once, as pairs of first and last character. */
class CharacterSets {
  readonly ranges: (readonly number[] | Int32Array)[] = [];
  readonly ofInstruction: Int32Array;
  readonly #known = new Map<Int32Array | string, number>();

  constructor(inst: Instructions) {
    this.ofInstruction = Int32Array.from(inst, (one) => this.#setOf(one));
  }

  #setOf({ op, arg, runes }: Instructions[number]): number {
    if (op === OP.runeAny) return this.#add('any', () => [0, RUNE_MAX]);
    if (op === OP.runeAnyNotNewline) return this.#add('line', () => [0, NEWLINE - 1, NEWLINE + 1, RUNE_MAX]);
    if (op !== OP.rune && op !== OP.rune1) return -1;
    const [single] = runes;
    if (runes.length !== 1 || single === undefined) return this.#add(runes, () => runes);
    const folds = (arg & FOLD_CASE) !== 0;
    return this.#add(`${single} ${folds}`, () => (folds ? allCasesOf(single) : [single, single]));
  }

  #add(key: Int32Array | string, ranges: () => readonly number[] | Int32Array): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.ranges.length);
    return this.ranges.push(ranges()) - 1;
  }
}

/** Ranges of a character's cases, by character: there are fewer than 3,000 with cases. */
const CASES = new Map<number, readonly number[]>();

/** RE2 folds `k` with `K` and the Kelvin sign. It tells by a class, which it writes out: here of the character and one other. */
function allCasesOf(rune: number): readonly number[] {
  const known = CASES.get(rune);
  if (known !== undefined) return known;
  const [other, ...casesOfOther] = rune === 0x51 || rune === 0x71 ? [0x58, 0x58, 0x78] : [0x51, 0x51, 0x71];
  const hex = (code: number | undefined) => `\\x{${code?.toString(16)}}`;
  const { inst } = programSchema.parse(RE2JS.compile(`(?i)[${hex(rune)}${hex(other)}]`).re2Input.prog);
  const written = inst.find(({ op }) => op === OP.rune)?.runes ?? Int32Array.of(rune, rune);
  const cases: number[] = [];
  for (let at = 0; at < written.length; at += 2) {
    for (let one = written[at] ?? 0; one <= (written[at + 1] ?? 0); one++) {
      if (!casesOfOther.includes(one)) cases.push(one, one);
    }
  }
  CASES.set(rune, cases);
  return cases;
}

/** Divides all characters into classes, so that each set is made of whole classes. */
class CharacterClasses {
  /** First character of each interval; the class of an interval stands at the same place in #classOf. */
  readonly #bounds: Int32Array;
  readonly #classOf: Uint16Array;
  readonly count: number;

  constructor(sets: readonly (readonly number[] | Int32Array)[], emptyKinds: number) {
    const all = [...sets];
    if ((emptyKinds & (EMPTY.beginLine | EMPTY.endLine)) !== 0) all.push([NEWLINE, NEWLINE]);
    if ((emptyKinds & (EMPTY.wordBoundary | EMPTY.noWordBoundary)) !== 0) all.push(WORD_RANGES);
    const bounds = new Set([0]);
    for (const ranges of all) {
      for (let at = 0; at < ranges.length; at += 2) {
        bounds.add(ranges[at] ?? 0);
        if ((ranges[at + 1] ?? 0) < RUNE_MAX) bounds.add((ranges[at + 1] ?? 0) + 1);
      }
    }
    this.#bounds = Int32Array.from(bounds).sort();
    this.#classOf = new Uint16Array(this.#bounds.length);
    let count = 1;
    for (const ranges of all) {
      // Partition refinement: what a class has in common with the set becomes a class of its own.
      const split = new Map<number, number>();
      this.#eachInterval(ranges, (interval) => {
        const before = this.#classOf[interval] ?? 0;
        const after = split.get(before) ?? count++;
        split.set(before, after);
        this.#classOf[interval] = after;
      });
    }
    this.count = this.#renumber();
  }

  /** Classes that were split up wholly are empty: the others are numbered without gaps. */
  #renumber(): number {
    const numbers = new Map<number, number>();
    for (const [interval, before] of this.#classOf.entries()) {
      const number = numbers.get(before) ?? numbers.size;
      numbers.set(before, number);
      this.#classOf[interval] = number;
    }
    return numbers.size;
  }

  of(rune: number): number {
    return this.#classOf[this.#intervalOf(rune)] ?? 0;
  }

  table(size: number): Uint16Array {
    const table = new Uint16Array(size);
    for (const [interval, first] of this.#bounds.entries()) {
      if (first >= size) break;
      table.fill(this.#classOf[interval] ?? 0, first, this.#bounds[interval + 1] ?? size);
    }
    return table;
  }

  member(ranges: readonly number[] | Int32Array): Uint8Array {
    const member = new Uint8Array(this.count);
    this.#eachInterval(ranges, (interval) => {
      member[this.#classOf[interval] ?? 0] = 1;
    });
    return member;
  }

  members(sets: readonly (readonly number[] | Int32Array)[]): Uint8Array {
    const members = new Uint8Array(sets.length * this.count);
    for (const [set, ranges] of sets.entries()) members.set(this.member(ranges), set * this.count);
    return members;
  }

  #eachInterval(ranges: readonly number[] | Int32Array, visit: (interval: number) => void): void {
    for (let at = 0; at < ranges.length; at += 2) {
      const last = ranges[at + 1] ?? 0;
      for (let interval = this.#intervalOf(ranges[at] ?? 0); (this.#bounds[interval] ?? last + 1) <= last; interval++) {
        visit(interval);
      }
    }
  }

  #intervalOf(rune: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#bounds[middle] ?? 0) <= rune) low = middle;
      else high = middle;
    }
    return low;
  }
}
