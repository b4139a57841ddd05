import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { ApiEnv } from '../env.ts';

/** The browser sends the cookies of signing in to these paths only. */
const SIGN_IN_PATH = '/api/v1/auth';
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** `device` outlives the session: by it a browser is known that has signed in before. */
export type CookieKind = 'access' | 'refresh' | 'csrf' | 'device';
const ONLY_SIGN_IN: ReadonlySet<CookieKind> = new Set(['refresh', 'device']);

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
    path: ONLY_SIGN_IN.has(kind) ? SIGN_IN_PATH : '/',
    httpOnly: kind !== 'csrf',
    // With Lax, a link in a mail or a chat opens the dashboard signed in.
    sameSite: ONLY_SIGN_IN.has(kind) ? 'Strict' : 'Lax',
    secure,
    maxAge: maxAgeSeconds,
  });
}

/** Removes what signs in. The device stays known. */
export function clearSession(c: Context<ApiEnv>): void {
  for (const kind of ['access', 'refresh', 'csrf'] as const) writeCookie(c, kind, '', 0);
}

function cookieName(kind: CookieKind, secure: boolean): string {
  if (kind === 'access') return secure ? '__Host-bt_access' : 'bt_access';
  if (ONLY_SIGN_IN.has(kind)) return secure ? `__Secure-bt_${kind}` : `bt_${kind}`;
  return 'bt_csrf';
}
