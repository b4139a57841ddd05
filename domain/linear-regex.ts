import { RE2JS } from 're2js';

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

/** Throws when the pattern is not in RE2's syntax. */
export function compileRegex(pattern: string): LinearRegex {
  return RE2JS.compile(pattern);
}

/** Where the first match ends, or null when there is none. Throws when the search could take too long. */
export function firstMatch(regex: LinearRegex, text: string): { readonly end: number } | null {
  if (regex.programSize() * text.length > WORK_MAX) {
    throw new Error('the regular expression is too large for a text of this length');
  }
  const matcher = regex.matcher(text);
  return matcher.find() ? { end: matcher.end() } : null;
}

/** Why the pattern is not a regular expression, or null. */
export function regexProblem(pattern: string): string | null {
  try {
    compileRegex(pattern);
    return null;
  } catch (error) {
    return `is not a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`;
  }
}
