import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { CoreContext } from '#core/context.ts';
import { databaseFault } from '#core/platform/database-fault.ts';
import { postgresCode } from '#core/platform/postgres-code.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { PROBLEMS, type ProblemCode, problemOf } from '#domain/base/problem.ts';
import type { ApiEnv } from './env.ts';

const FOREIGN_KEY_VIOLATION = '23503';
/** SQLSTATE class of values with a valid shape and no meaning, for instance a date in the year 0. */
const DATA_EXCEPTION = /^22\w{3}$/;
/** A database that was restarted takes about as long; a client that comes back earlier is refused again. */
const RETRY_AFTER_SECONDS = '5';

/** The answer for any error: RFC 9457, with a stable code and the trace id, and without internal details. */
export function problemResponse(ctx: CoreContext, c: Context<ApiEnv>, error: unknown): Response {
  const problem = asProblem(ctx, error);
  const body = problemOf(problem.code, {
    detail: problem.message,
    errors: [...problem.errors],
    traceId: c.var.traceId,
  });
  const { status } = PROBLEMS[problem.code];
  if (status >= 500) {
    const about = { err: error, traceId: c.var.traceId, method: c.req.method, path: c.req.path };
    // A problem with a code of its own is a state of the installation; `internal` is a fault of the code.
    if (problem.code !== 'internal') ctx.logger.warn(about, 'request refused');
    else ctx.logger.error(about, 'request failed');
  }
  for (const [name, value] of Object.entries(problem.headers)) c.header(name, value);
  // RFC 9110, section 15.5.2: a 401 names an authentication scheme.
  if (status === 401) c.header('WWW-Authenticate', 'Bearer realm="blacktide"');
  // The rest of the body is not read, so the connection cannot be used for another request.
  if (status === 413) c.header('Connection', 'close');
  c.header('Content-Type', 'application/problem+json');
  c.header('Cache-Control', 'no-store');
  return c.body(JSON.stringify(body), status);
}

function asProblem(ctx: CoreContext, error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof HTTPException) return new ProblemError(codeOfStatus(error.status));
  const code = postgresCode(error);
  if (code === FOREIGN_KEY_VIOLATION) return new ProblemError('conflict', 'What this refers to was just deleted.');
  if (code !== null && DATA_EXCEPTION.test(code))
    return new ProblemError('malformed_request', 'A value is out of range.');
  const fault = databaseFault(error, ctx.config.storageDir);
  if (fault !== null) {
    return new ProblemError(fault.code, fault.detail, { headers: { 'Retry-After': RETRY_AFTER_SECONDS } });
  }
  return new ProblemError('internal');
}

/** The code for an HTTP status: hono's own errors have a status only. */
function codeOfStatus(status: number): ProblemCode {
  if (status === 404) return 'not_found';
  if (status === 413) return 'payload_too_large';
  if (status === 415) return 'unsupported_media_type';
  return status < 500 ? 'malformed_request' : 'internal';
}
