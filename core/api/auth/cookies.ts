import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { ApiEnv } from '../env.ts';

/** The refresh cookie travels to these calls only. */
export const REFRESH_PATH = '/api/v1/auth';
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export type CookieKind = 'access' | 'refresh' | 'csrf';

/**
 * Cookies are `Secure` with the prefixes that make browsers enforce it, except on plain http to this very
 * machine, where browsers would drop them.
 */
export function isSecure(c: Context<ApiEnv>): boolean {
  const url = new URL(c.req.url);
  return url.protocol === 'https:' || !LOOPBACK_HOSTS.has(url.hostname);
}

export function readCookie(c: Context<ApiEnv>, kind: CookieKind): string | undefined {
  return getCookie(c, cookieName(kind, isSecure(c)));
}

/** `maxAgeSeconds` 0 removes the cookie. */
export function writeCookie(c: Context<ApiEnv>, kind: CookieKind, value: string, maxAgeSeconds: number): void {
  const secure = isSecure(c);
  setCookie(c, cookieName(kind, secure), value, {
    path: kind === 'refresh' ? REFRESH_PATH : '/',
    httpOnly: kind !== 'csrf',
    // Lax lets a link from a mail or a chat open the dashboard signed in.
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
