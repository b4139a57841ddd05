import { z } from 'zod';
import { shortened } from './short-text.ts';

/** RFC 9457 problems: every error of the API, by its stable code. */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  malformed_request: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  invalid_credentials: { status: 401, title: 'E-mail or password is wrong' },
  session_expired: { status: 401, title: 'The session has ended' },
  invalid_service_token: { status: 401, title: 'The service token is not valid' },
  forbidden: { status: 403, title: 'This is not allowed for you' },
  insufficient_scope: { status: 403, title: 'The API key does not have the scope for this' },
  csrf_failed: { status: 403, title: 'The CSRF token is missing or wrong' },
  setup_token_required: { status: 403, title: 'The first account needs the set-up token' },
  registration_closed: { status: 403, title: 'Registration is closed' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'The method is not supported here' },
  not_acceptable: { status: 406, title: 'The accepted content codings leave none for the answer' },
  conflict: { status: 409, title: 'This collides with the present state' },
  email_taken: { status: 409, title: 'An account with this e-mail exists' },
  slug_taken: { status: 409, title: 'Another status page has this slug' },
  quota_exceeded: { status: 409, title: 'The organisation has as many of these as it may have' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key was used for another request' },
  precondition_failed: { status: 412, title: 'The object has changed since you read it' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Send application/json' },
  misdirected: { status: 421, title: 'This host name is not known here' },
  validation_failed: { status: 422, title: 'The request breaks a rule' },
  password_too_common: { status: 422, title: 'This password is one of the most common ones' },
  not_supported: { status: 422, title: 'This is not available in this version' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_attempts: { status: 429, title: 'Too many wrong passwords were given' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  edge_unavailable: { status: 503, title: 'The edge cannot be reached' },
  database_unavailable: { status: 503, title: 'The database is not available' },
  storage_full: { status: 503, title: 'The disk is full' },
  storage_read_only: { status: 503, title: 'The storage is read-only' },
  unavailable: { status: 503, title: 'A part that is needed is not available' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof PROBLEMS;

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  /** The first PROBLEM_ERRORS_MAX. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** How many errors there are besides. */
  moreErrors: z.int().optional(),
  traceId: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Errors of an answer: more than a person corrects at once, and few enough to send with every refusal. */
export const PROBLEM_ERRORS_MAX = 50;
/** Paths may hold names that the sender chose, at any length. */
const PATH_LENGTH_MAX = 200;
const MESSAGE_LENGTH_MAX = 500;
const DETAIL_LENGTH_MAX = 1000;

/**
 * The body of an error's answer. `type` is a name, not an address of a page. A detail equal to the title is left out,
 * and so is an empty list of `errors`. However much is wrong, the body stays small.
 */
export function problemOf(
  code: ProblemCode,
  { detail, errors = [], traceId }: { detail?: string | undefined; errors?: Problem['errors']; traceId: string },
): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:blacktide:problem:${code}`,
    title,
    status,
    ...(detail === undefined || detail === title ? {} : { detail: shortened(detail, DETAIL_LENGTH_MAX) }),
    code,
    ...(errors.length === 0 ? {} : { errors: shownErrors(errors) }),
    ...(errors.length > PROBLEM_ERRORS_MAX ? { moreErrors: errors.length - PROBLEM_ERRORS_MAX } : {}),
    traceId,
  };
}

function shownErrors(errors: NonNullable<Problem['errors']>): NonNullable<Problem['errors']> {
  return errors.slice(0, PROBLEM_ERRORS_MAX).map(({ path, message }) => ({
    path: shortened(path, PATH_LENGTH_MAX),
    message: shortened(message, MESSAGE_LENGTH_MAX),
  }));
}
