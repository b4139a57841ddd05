import { namesImpossibleHost } from '#domain/base/host-name.ts';
import { type HttpRequest, NetworkFailure } from '../network.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Besides Authorization and Cookie: headers of users' own that look like a secret. */
const CREDENTIAL_HEADER = /auth|cookie|token|secret|session|key|pass|pwd|credential|signature|jwt/i;
/** Describe a body that is no longer sent. */
const BODY_HEADER = /^content-/i;

/**
 * The request that an answer asks for next, or null when it is no redirect. As in the fetch standard: 303
 * turns into GET (HEAD stays), 301 and 302 turn POST into GET, credentials stay with their origin. Throws
 * NetworkFailure `redirect_invalid` for a target that is no http(s) URL, or whose host nobody could dial.
 */
export function redirectOf(
  request: HttpRequest,
  status: number,
  headers: readonly (readonly [string, string])[],
): HttpRequest | null {
  const location = headers.find(([name]) => name === 'location')?.[1];
  // An empty one names no place; Workers leave it out.
  if (!REDIRECTS.has(status) || location === undefined || location === '') return null;
  const target = redirectTarget(location, request.url);
  const toGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const sameOrigin = target.origin === new URL(request.url).origin;
  return {
    ...request,
    url: target.href,
    method: toGet ? 'GET' : request.method,
    body: toGet ? undefined : request.body,
    headers: request.headers.filter(
      ([name]) => (sameOrigin || !CREDENTIAL_HEADER.test(name)) && !(toGet && BODY_HEADER.test(name)),
    ),
  };
}

function redirectTarget(location: string, base: string): URL {
  const target = URL.parse(location, base);
  if (target === null) throw new NetworkFailure('redirect_invalid', 'the redirect leads to no valid URL');
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new NetworkFailure('redirect_invalid', `the redirect leads to ${target.protocol.slice(0, 20)}, not to HTTP`);
  }
  if (target.username !== '' || target.password !== '') {
    throw new NetworkFailure('redirect_invalid', 'the redirect carries credentials in its URL');
  }
  if (namesImpossibleHost(target.href)) {
    throw new NetworkFailure('redirect_invalid', 'the redirect leads to no possible host');
  }
  target.hash = '';
  return target;
}
