import type { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';

/** `config.assertions.0.value` style paths and plain messages for people and programs. */
export function validationProblem(error: z.core.$ZodError): ProblemError {
  const errors = error.issues.flatMap((issue) => {
    // zod reports unknown keys at their object; the problem names the key's own path.
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: 'is not known here' }));
    }
    return [{ path: issue.path.join('.'), message: issue.message }];
  });
  const first = errors[0];
  const detail = first === undefined ? undefined : `${first.path === '' ? 'The body' : first.path}: ${first.message}`;
  return new ProblemError('validation_failed', detail, { errors });
}

/** Validates the result of a merge patch; throws ProblemError validation_failed. */
export function validated<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw validationProblem(parsed.error);
  return parsed.data;
}

/** A violated rule that a schema cannot check, for instance a monitor of another organisation in a component. */
export function invalid(path: string, message: string): ProblemError {
  return new ProblemError('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] });
}

/** A value with a valid shape and no meaning. */
export function malformed(path: string, message: string): ProblemError {
  return new ProblemError('malformed_request', `${path}: ${message}`, { errors: [{ path, message }] });
}
