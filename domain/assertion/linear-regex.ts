import { RE2JS } from 're2js';
import type { WorkBudget } from './work-budget.ts';

/**
 * Regular expressions of users, compiled with RE2's syntax (no look-around, no back-references). Matching takes time
 * linear in the text, so that no pattern can block a probe.
 */
export type LinearRegex = RE2JS;

/**
 * Largest product of program size and text length for one search. Linear time alone is not enough: `(a?){900}` over a
 * megabyte takes more than a minute. This product takes at most about four seconds of one core, and lets a common
 * pattern (up to 250 instructions) search a whole body of the default limit.
 */
const WORK_MAX = 250 * 1024 * 1024;

/**
 * Largest program, in instructions. `a{999}` compiles to a thousand instructions, and ten nested short groups to a
 * million: seconds and hundreds of megabytes before the first match. Patterns that people write stay far below, and
 * WORK_MAX is exact up to it.
 */
const EXPANDED_SIZE_MAX = 5_000;

/** Throws when the pattern is not in RE2's syntax, or too large. */
export function compileRegex(pattern: string): LinearRegex {
  if (newest?.pattern === pattern) return newest.regex;
  if (expandedSize(pattern) > EXPANDED_SIZE_MAX) throw new Error(`the regular expression ${TOO_LARGE}`);
  newest = { pattern, regex: RE2JS.compile(pattern) };
  return newest.regex;
}

/** The last compiled pattern: an assertion about many values compiles its pattern once. */
let newest: { readonly pattern: string; readonly regex: LinearRegex } | undefined;

const TOO_LARGE = `is too large: written out, its repetitions have more than ${EXPANDED_SIZE_MAX} steps`;

/** One token of a pattern: a quotation, an escape, a class of characters, a repetition, or a single character. */
const TOKEN =
  /\\Q[\s\S]*?(?:\\E|$)|\\[pP]\{\^?\w+\}|\\x\{\w+\}|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]/g;
const REPETITION = /^\{(\d+)(,?)(\d*)\}$/;
/** Instructions of a group: its start and its end. */
const GROUP_SIZE = 2;

/** About how many instructions the pattern has once its repetitions are expanded, computed without expanding them. */
function expandedSize(pattern: string): number {
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
  return size;
}

/** Where the first match ends, or null without a match. Throws when the search could take too long. */
export function firstMatch(regex: LinearRegex, text: string, budget: WorkBudget): { readonly end: number } | null {
  const work = regex.programSize() * (text.length + 1);
  if (work > WORK_MAX) throw new Error('the regular expression is too large for a text of this length');
  budget.spendSearch(work);
  const matcher = regex.matcher(text);
  return matcher.find() ? { end: matcher.end() } : null;
}

/** The reason why the pattern is not a regular expression, or null. */
export function regexProblem(pattern: string): string | null {
  if (expandedSize(pattern) > EXPANDED_SIZE_MAX) return TOO_LARGE;
  try {
    compileRegex(pattern);
    return null;
  } catch (error) {
    return `is not a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`;
  }
}
