import { ApiError } from './api-error.ts';

export const API_BASE = '/api/v1';
/** Longer than the longest check (30 s) of "Test now". */
const REQUEST_TIMEOUT_MS = 45_000;

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** One HTTP exchange with the API, without a retry. Throws ApiError with status 0 without an answer. */
export async function send(path: string, options: RequestOptions): Promise<Response> {
  const method = options.method ?? 'GET';
  const headers = new Headers({ accept: 'application/json' });
  if (options.body !== undefined) headers.set('content-type', 'application/json');
  if (method !== 'GET') headers.set('x-csrf-token', csrfToken());
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  try {
    return await fetch(API_BASE + path, {
      method,
      headers,
      credentials: 'same-origin',
      signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ApiError(0, 'BlackTide cannot be reached. Check your connection; this page tries again by itself.', null);
  }
}

/** The cookie is readable on purpose: its value in a header proves that the request comes from the product's page. */
export function csrfToken(): string {
  const match = /(?:^|;\s*)bt_csrf=([^;]*)/.exec(document.cookie);
  return match?.[1] === undefined ? '' : decodeURIComponent(match[1]);
}
