import { RE2JS } from 're2js';

/**
 * Regular expressions of users run here only: RE2's syntax (no look-around, no back-references) matches in
 * time linear in the text, so that no pattern can stop a probe.
 */
export function compileRegex(pattern: string): RE2JS {
  return RE2JS.compile(pattern);
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
