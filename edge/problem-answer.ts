import type { z } from 'zod';
import { PROBLEMS, type Problem, type ProblemCode } from '#domain/problem.ts';

/** An RFC 9457 answer. */
export function problemAnswer(code: ProblemCode, detail?: string, errors?: Problem['errors']): Response {
  const { status, title } = PROBLEMS[code];
  const problem: Problem = {
    type: `https://blacktide.dev/problems/${code}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    code,
    ...(errors === undefined ? {} : { errors }),
    traceId: crypto.randomUUID().replaceAll('-', ''),
  };
  return Response.json(problem, { status, headers: { 'content-type': 'application/problem+json' } });
}

/** What a schema found wrong, as a problem's `errors`. */
export function invalidAnswer(error: z.ZodError): Response {
  const errors = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  return problemAnswer('validation_failed', undefined, errors);
}
