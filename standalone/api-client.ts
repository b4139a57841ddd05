import { setTimeout as sleep } from 'node:timers/promises';

/** A client of the REST API for programs: the demo, the system tests and the benchmarks. */
export interface ApiClient {
  /** Parsed JSON of a 2xx answer; throws ApiError for others. Waits for Retry-After on 429. `path` is below /api/v1. */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
  readonly key: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(method: string, path: string, status: number, body: unknown) {
    super(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Time limit of a request: a caller that hangs would hide the cause. */
const REQUEST_TIMEOUT_MS = 30_000;

export function createApiClient(origin: string, key: string): ApiClient {
  const headers = { authorization: `Bearer ${key}` };
  const call = async (method: string, path: string, body?: unknown) =>
    (await request(origin, method, path, body, headers)).body;
  return {
    key,
    get: async <T>(path: string) => (await call('GET', path)) as T,
    post: async <T>(path: string, body?: unknown) => (await call('POST', path, body ?? {})) as T,
    patch: async <T>(path: string, body: unknown) => (await call('PATCH', path, body)) as T,
    delete: async (path: string) => {
      await call('DELETE', path);
    },
  };
}

/**
 * Registers an account as the browser does, creates an API key with its session, and returns a client with that key.
 */
export async function registerAccount(origin: string, account: Credentials & { name: string }): Promise<ApiClient> {
  const { response } = await request(origin, 'POST', '/auth/register', account, {});
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
  const csrf = cookies.find((cookie) => cookie.startsWith('bt_csrf='))?.slice('bt_csrf='.length) ?? '';
  const session = { cookie: cookies.join('; '), 'x-csrf-token': decodeURIComponent(csrf) };
  const made = await request(
    origin,
    'POST',
    '/api-keys',
    { name: account.name, scopes: ['read', 'write', 'admin'] },
    session,
  );
  return createApiClient(origin, (made.body as { key: string }).key);
}

async function request(
  origin: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<{ response: Response; body: unknown }> {
  const send = () =>
    fetch(`${origin}/api/v1${path}`, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  let response = await send();
  while (response.status === 429) {
    await sleep(Number(response.headers.get('retry-after') ?? 1) * 1000);
    response = await send();
  }
  const text = await response.text();
  const parsed: unknown = text === '' ? null : parseJson(text);
  if (!response.ok) throw new ApiError(method, path, response.status, parsed);
  return { response, body: parsed };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
