import type { z } from 'zod';
import { problemSchema } from '#domain/base/problem.ts';
import { ApiError } from './api-error.ts';
import { refreshSession } from './refresh-session.ts';
import { type RequestOptions, send } from './send.ts';

/**
 * One call of the REST API; `path` begins with a slash, below `/api/v1`. The answer is validated by its schema. After a
 * 401 the session is refreshed and the call repeated once. Throws ApiError.
 */
export async function request<T extends z.ZodType>(
  path: string,
  schema: T,
  options: RequestOptions = {},
): Promise<z.infer<T>> {
  const response = await exchange(path, options);
  const parsed = schema.safeParse(await json(response));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ApiError(
    response.status,
    `The server's answer was not understood (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}). Reload the page; server and dashboard may be of different versions.`,
    null,
  );
}

/** A call whose answer's body is not used. */
export async function command(path: string, options: RequestOptions = {}): Promise<void> {
  await exchange(path, { method: 'POST', ...options });
}

async function exchange(path: string, options: RequestOptions): Promise<Response> {
  let response = await send(path, options);
  if (response.status === 401 && !path.startsWith('/auth/log') && (await refreshSession())) {
    response = await send(path, options);
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<ApiError> {
  const parsed = problemSchema.safeParse(await json(response));
  if (!parsed.success) return new ApiError(response.status, `The server answered ${response.status}.`, null);
  const { title, detail } = parsed.data;
  return new ApiError(response.status, detail ?? `${title}.`, parsed.data);
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}
