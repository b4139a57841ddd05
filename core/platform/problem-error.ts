import { PROBLEMS, type ProblemCode } from '#domain/base/problem.ts';

/** An error that the API answers unchanged: a stable code and one sentence for the caller. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly { path: string; message: string }[];
  /** Extra response headers, for instance Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail?: string,
    options: { errors?: readonly { path: string; message: string }[]; headers?: Record<string, string> } = {},
  ) {
    super(detail ?? PROBLEMS[code].title);
    this.name = 'ProblemError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}
