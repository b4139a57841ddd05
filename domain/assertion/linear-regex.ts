import { RE2JS } from 're2js';
import type { WorkBudget } from './work-budget.ts';

/**
 * Regular expressions of users run here only: RE2's syntax (no look-around, no back-references) matches in
 * time linear in the text, so that no pattern can stop a probe.
 */
export type LinearRegex = RE2JS;

/**
 * Linear still means program size times text: `(a?){900}` over a megabyte takes more than a minute. This product
 * is about four seconds of one core at the very worst, and lets a common pattern (up to 250 instructions) see
 * a whole body of the default limit.
 */
const WORK_MAX = 250 * 1024 * 1024;

/**
 * `a{999}` is a thousand instructions, and ten short groups of such are a million: seconds and hundreds of megabytes
 * before anything is matched. No pattern that people write comes near this; up to it, WORK_MAX is what it says.
 */
const EXPANDED_SIZE_MAX = 5_000;

/** Throws when the pattern is not in RE2's syntax, or too large. */
export function compileRegex(pattern: string): LinearRegex {
  if (newest?.pattern === pattern) return newest.regex;
  if (expandedSize(pattern) > EXPANDED_SIZE_MAX) throw new Error(`the regular expression ${TOO_LARGE}`);
  newest = { pattern, regex: RE2JS.compile(pattern) };
  return newest.regex;
}

/** A claim about many values compiles its pattern once. */
let newest: { readonly pattern: string; readonly regex: LinearRegex } | undefined;

const TOO_LARGE = `is too large: written out, its repetitions have more than ${EXPANDED_SIZE_MAX} steps`;

/** A quotation, an escape, a class of characters, a repetition, or a single character. */
const TOKEN =
  /\\Q[\s\S]*?(?:\\E|$)|\\[pP]\{\^?\w+\}|\\x\{\w+\}|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]/g;
const REPETITION = /^\{(\d+)(,?)(\d*)\}$/;
/** A group remembers where it begins and ends. */
const GROUP_SIZE = 2;

/** About how many instructions the pattern has once its repetitions are written out, without writing them out. */
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

/** Where the first match ends, or null when there is none. Throws when the search could take too long. */
export function firstMatch(regex: LinearRegex, text: string, budget: WorkBudget): { readonly end: number } | null {
  const work = regex.programSize() * (text.length + 1);
  if (work > WORK_MAX) throw new Error('the regular expression is too large for a text of this length');
  budget.spendSearch(work);
  const matcher = regex.matcher(text);
  return matcher.find() ? { end: matcher.end() } : null;
}

/** Why the pattern is not a regular expression, or null. */
export function regexProblem(pattern: string): string | null {
  if (expandedSize(pattern) > EXPANDED_SIZE_MAX) return TOO_LARGE;
  try {
    compileRegex(pattern);
    return null;
  } catch (error) {
    return `is not a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`;
  }
}
