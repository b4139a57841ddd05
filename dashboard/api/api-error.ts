import type { Problem } from '#domain/base/problem.ts';

/** A failed request, with the API's problem or the failure of the connection. */
export class ApiError extends Error {
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, message: string, problem: Problem | null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
  }

  get traceId(): string | null {
    return this.problem?.traceId ?? null;
  }

  /** Messages by path of the field, such as `config.url`. */
  get fieldErrors(): ReadonlyMap<string, string> {
    return new Map((this.problem?.errors ?? []).map(({ path, message }) => [path, message]));
  }
}

export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
