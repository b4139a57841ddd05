import type { Problem } from '#domain/base/problem.ts';

/** What the API (or the way to it) answered instead of what was asked for. */
export class ApiError extends Error {
  /** HTTP status; 0 when there was no answer at all. */
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

  /** Messages by path of the field they are about, such as `config.url`. */
  get fieldErrors(): ReadonlyMap<string, string> {
    return new Map((this.problem?.errors ?? []).map(({ path, message }) => [path, message]));
  }
}

export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
