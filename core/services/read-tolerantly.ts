import { ROW_PROBLEM_WORDS, type RowProblem, type RowProblemCode } from '#domain/api/row-problem.ts';

/** Reads one part of a row, or notes that it cannot be read and returns the stand-in. */
export type PartReader = <T>(path: string, code: RowProblemCode, read: () => T, standIn: T) => T;

export interface Tolerated<T> {
  readonly value: T;
  /** Undefined when everything could be read. */
  readonly problem: RowProblem | undefined;
}

/**
 * Reads a stored row part by part, the one way for all nouns: a part that cannot be read (sealed with another key,
 * written by another version, changed by hand) is replaced by a stand-in that the answer's schema accepts and named in
 * `problem`. So one bad row is shown among the others, and can be repaired or deleted.
 */
export function readTolerantly<T>(read: (part: PartReader) => T): Tolerated<T> {
  const lost: { path: string; code: RowProblemCode }[] = [];
  const value = read((path, code, readPart, standIn) => {
    try {
      return readPart();
    } catch {
      // The error is not passed on: it may quote what was to be secret.
      lost.push({ path, code });
      return standIn;
    }
  });
  const [first] = lost;
  if (first === undefined) return { value, problem: undefined };
  const paths = lost.map(({ path }) => path);
  return { value, problem: { code: first.code, message: ROW_PROBLEM_WORDS[first.code], paths } };
}

/** Whether a stored part cannot be read. */
export function isLost(problem: RowProblem | undefined, path: string): boolean {
  return problem?.paths.includes(path) ?? false;
}
