import { ProblemError } from '#core/platform/problem-error.ts';
import { isUniqueViolation } from '../unique-violation.ts';

/** Runs a transaction that writes a slug. Throws slug_taken when another page has the slug. */
export async function orSlugTaken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isUniqueViolation(error, 'status_pages_slug_unique') ? new ProblemError('slug_taken') : error;
  }
}
