import type { MiddlewareHandler } from 'hono';
import { isSecure } from '../auth/cookies.ts';
import type { ApiEnv } from '../env.ts';

/** Two years, as browsers' preload lists require. */
const HSTS_SECONDS = 63_072_000;

/** Everything is served from this origin, and no page may frame it. Inline scripts are allowed by their hashes. */
export const securityHeaders: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  const headers = c.res.headers;
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('X-Frame-Options', 'DENY');
  headers.set('Referrer-Policy', 'strict-origin-when-cross-origin');
  headers.set('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()');
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  // A 304 has no content type; a policy in it would replace the one that the browser has stored with the page.
  if (c.res.status !== 304) {
    headers.set('Content-Security-Policy', policy(headers.get('Content-Type') ?? '', c.var.scriptHashes));
  }
  if (isSecure(c)) headers.set('Strict-Transport-Security', `max-age=${HSTS_SECONDS}; includeSubDomains`);
};

function policy(contentType: string, scriptHashes: readonly string[]): string {
  if (!contentType.startsWith('text/html')) return "default-src 'none'; frame-ancestors 'none'";
  return [
    "default-src 'none'",
    ['script-src', "'self'", ...scriptHashes].join(' '),
    // Charts and the API docs position elements with style attributes, which cannot run code.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
