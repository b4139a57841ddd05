import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { ApiEnv } from '../env.ts';

/** The browser sends the refresh cookie to these paths only. */
export const REFRESH_PATH = '/api/v1/auth';
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export type CookieKind = 'access' | 'refresh' | 'csrf';

/**
 * Cookies are `Secure`, with the name prefixes that make browsers enforce it. The exception is plain http on this
 * machine, where browsers would drop such cookies.
 */
export function isSecure(c: Context<ApiEnv>): boolean {
  const url = new URL(c.req.url);
  return url.protocol === 'https:' || !LOOPBACK_HOSTS.has(url.hostname);
}

export function readCookie(c: Context<ApiEnv>, kind: CookieKind): string | undefined {
  return getCookie(c, cookieName(kind, isSecure(c)));
}

/** Sets a cookie; `maxAgeSeconds` 0 removes it. */
export function writeCookie(c: Context<ApiEnv>, kind: CookieKind, value: string, maxAgeSeconds: number): void {
  const secure = isSecure(c);
  setCookie(c, cookieName(kind, secure), value, {
    path: kind === 'refresh' ? REFRESH_PATH : '/',
    httpOnly: kind !== 'csrf',
    // With Lax, a link in a mail or a chat opens the dashboard signed in.
    sameSite: kind === 'refresh' ? 'Strict' : 'Lax',
    secure,
    maxAge: maxAgeSeconds,
  });
}

function cookieName(kind: CookieKind, secure: boolean): string {
  if (kind === 'access') return secure ? '__Host-bt_access' : 'bt_access';
  if (kind === 'refresh') return secure ? '__Secure-bt_refresh' : 'bt_refresh';
  return 'bt_csrf';
}
