import { ProblemError } from '#core/platform/problem-error.ts';
import { contentTag } from '#domain/base/entity-tag.ts';

/** An object in the form of answers, with the revision of its ETag. */
export interface Revised<T> {
  readonly object: T;
  readonly revision: number;
}

/** ETag of an object: its revision, which counts updates. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * RFC 9110, section 13.1.1: refuses the change when the caller's revision is not the current one. The caller may have
 * read the object compressed.
 */
export function requireRevision(ifMatch: string | undefined, revision: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const seen = ifMatch.split(',').map((tag) => contentTag(tag.trim()));
  if (!seen.includes(etagOf(revision))) throw new ProblemError('precondition_failed');
}
