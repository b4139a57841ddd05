import type { z } from 'zod';
import { type Problem, type ProblemCode, problemOf } from '#domain/base/problem.ts';

/** An RFC 9457 answer. */
export function problemAnswer(code: ProblemCode, detail?: string, errors?: Problem['errors']): Response {
  const problem = problemOf(code, { detail, errors, traceId: crypto.randomUUID().replaceAll('-', '') });
  return Response.json(problem, {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json' },
  });
}

/** What a schema found wrong, as a problem's `errors`. */
export function invalidAnswer(error: z.ZodError): Response {
  const errors = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  return problemAnswer('validation_failed', undefined, errors);
}
