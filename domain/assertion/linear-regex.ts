import { LazyDfa } from './lazy-dfa.ts';
import { type RegexProgram, regexProgram } from './regex-program.ts';
import type { WorkBudget } from './work-budget.ts';

/**
 * Regular expressions of users, in RE2's syntax (no look-around, no back-references). Matching takes time linear in the
 * text, and every step of it is counted.
 */
export interface LinearRegex {
  readonly program: RegexProgram;
  /** Units of work that compiling it took. */
  readonly work: number;
}

/**
 * Largest size of one pattern: the instructions that it is compiled to, about. `a{999}` compiles to a thousand, ten nested
 * short groups to a million. Patterns that people write stay far below.
 */
export const PATTERN_SIZE_MAX = 1_500;

/**
 * Largest size of all patterns of one monitor together: compiling the slowest of this size takes some 20 ms where a
 * monitor is written, and where its answers are judged.
 */
export const PATTERNS_SIZE_MAX = 3_000;

/** Size of a class of Unicode characters, such as `\pL`, however often it is repeated: hundreds of ranges are read. */
const UNICODE_CLASS_SIZE = 50;
/** Units of work for compiling one instruction. */
const COMPILING_WORK = 7_000;

/** Compiled patterns that were used last. A monitor's stay the same for thousands of checks. */
const PROGRAMS_MAX = 200;
const PROGRAMS = new Map<string, LinearRegex>();

/** Throws when the pattern is not in RE2's syntax, or too large. */
export function compileRegex(pattern: string): LinearRegex {
  const known = PROGRAMS.get(pattern);
  if (known !== undefined) return known;
  const size = patternSize(pattern);
  if (size > PATTERN_SIZE_MAX) throw new Error(`the regular expression ${TOO_LARGE}`);
  const regex = { program: regexProgram(pattern), work: size * COMPILING_WORK };
  const [oldest] = PROGRAMS.keys();
  if (PROGRAMS.size >= PROGRAMS_MAX && oldest !== undefined) PROGRAMS.delete(oldest);
  PROGRAMS.set(pattern, regex);
  return regex;
}

const TOO_LARGE = `is too large: written out, its repetitions and classes have more than ${PATTERN_SIZE_MAX} steps`;

/** One token of a pattern: a quotation, an escape, a class of characters, a repetition, or a single character. */
const TOKEN =
  /\\Q[\s\S]*?(?:\\E|$)|\\[pP](?:\{\^?\w*\}|.)|\\x\{\w+\}|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]/g;
const REPETITION = /^\{(\d+)(,?)(\d*)\}$/;
const UNICODE_CLASS = /\\[pP]/g;
/** Instructions of a group: its start and its end. */
const GROUP_SIZE = 2;

/** About how many instructions the pattern has once its repetitions are expanded, computed without expanding them. */
export function patternSize(pattern: string): number {
  const outer: number[] = [];
  let size = 0;
  let last = 0;
  for (const [token] of pattern.matchAll(TOKEN)) {
    const repetition = REPETITION.exec(token);
    if (repetition !== null) {
      const [, least = '', comma, most = ''] = repetition;
      const times = Math.max(1, most === '' ? Number(least) + (comma === '' ? 0 : 1) : Number(most));
      size += last * (times - 1);
      last *= times;
    } else if (token === '(') {
      outer.push(size);
      size = GROUP_SIZE;
    } else if (token === ')') {
      last = size;
      size += outer.pop() ?? 0;
    } else {
      last = token.startsWith('\\Q') ? token.length : 1;
      size += last;
    }
  }
  const written = outer.reduce((sum, one) => sum + one, size);
  return written + UNICODE_CLASS_SIZE * (pattern.match(UNICODE_CLASS)?.length ?? 0);
}

/** The automata that were built for one answer, so that thousands of values are searched with one. */
const AUTOMATA = new WeakMap<WorkBudget, Map<LinearRegex, LazyDfa>>();

/** Where the match that ends first ends, or null without a match. Throws when the search takes too much work. */
export function firstMatch(regex: LinearRegex, text: string, budget: WorkBudget): { readonly end: number } | null {
  const end = automaton(regex, budget).firstEnd(text, budget);
  return end === -1 ? null : { end };
}

/**
 * Automata are built anew for each answer, and each answer pays for compiling: otherwise a verdict would depend on what
 * this process has judged before.
 */
function automaton(regex: LinearRegex, budget: WorkBudget): LazyDfa {
  const known = AUTOMATA.get(budget) ?? new Map<LinearRegex, LazyDfa>();
  AUTOMATA.set(budget, known);
  const found = known.get(regex);
  if (found !== undefined) return found;
  budget.spend(regex.work);
  const made = new LazyDfa(regex.program);
  known.set(regex, made);
  return made;
}

/** The reason why the pattern is not a regular expression, or null. */
export function regexProblem(pattern: string): string | null {
  if (patternSize(pattern) > PATTERN_SIZE_MAX) return TOO_LARGE;
  try {
    compileRegex(pattern);
    return null;
  } catch (error) {
    return `is not a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`;
  }
}
