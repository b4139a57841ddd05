import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { ApiEnv } from '../env.ts';
import { readCookie } from './cookies.ts';

const NONCE_BYTES = 16;

/**
 * Signed double submit (OWASP): a random part and its HMAC with the session, so that a token of another session is
 * invalid.
 */
export function csrfToken(ctx: CoreContext, sessionId: string): string {
  const nonce = Buffer.from(ctx.clock.random(NONCE_BYTES)).toString('base64url');
  return `${nonce}.${signature(ctx, sessionId, nonce)}`;
}

/** For writes authenticated by cookies: throws csrf_failed unless the product's own page sent them. */
export function requireCsrf(ctx: CoreContext, c: Context<ApiEnv>, sessionId: string): void {
  const given = c.req.header('X-CSRF-Token') ?? '';
  const [nonce = '', signed = ''] = given.split('.');
  const genuine = equal(signed, signature(ctx, sessionId, nonce)) && equal(given, readCookie(c, 'csrf') ?? '');
  if (!genuine) throw new ProblemError('csrf_failed', 'Send the value of the cookie bt_csrf as X-CSRF-Token.');
}

/** Only the product's own origin and the configured ones may write; a browser names the origin of a request. */
export function requireKnownOrigin(ctx: CoreContext, c: Context<ApiEnv>): void {
  const origin = c.req.header('Origin');
  if (origin === undefined || isKnownOrigin(ctx, c, origin)) return;
  throw new ProblemError('csrf_failed', 'Requests from this origin are not accepted.');
}

export function isKnownOrigin(ctx: CoreContext, c: Context<ApiEnv>, origin: string): boolean {
  const own = [new URL(c.req.url).host, new URL(ctx.config.publicUrl).host];
  if (ctx.config.corsOrigins.includes(origin)) return true;
  return URL.canParse(origin) && own.includes(new URL(origin).host);
}

function signature(ctx: CoreContext, sessionId: string, nonce: string): string {
  return createHmac('sha256', ctx.sessionKey).update(`csrf\n${sessionId}\n${nonce}`).digest('base64url');
}

function equal(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
