import { namesImpossibleHost } from '#domain/base/host-name.ts';
import { type HttpRequest, NetworkFailure } from '../network.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers of users that may hold credentials, besides Authorization and Cookie. */
const CREDENTIAL_HEADER = /auth|cookie|token|secret|session|key|pass|pwd|credential|signature|jwt/i;
/** Headers that describe a body, removed when the body is not sent any more. */
const BODY_HEADER = /^content-/i;

/**
 * The next request after a redirect, or null for any other answer. As in the fetch standard: 303 becomes GET (HEAD
 * stays HEAD), POST becomes GET on 301 and 302, and credentials are not sent to another origin. Throws NetworkFailure
 * `redirect_invalid` for a target that is not an http(s) URL, or has an impossible host.
 */
export function redirectOf(
  request: HttpRequest,
  status: number,
  headers: readonly (readonly [string, string])[],
): HttpRequest | null {
  const location = headers.find(([name]) => name === 'location')?.[1];
  // An empty Location names no target; Workers omit the header.
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
