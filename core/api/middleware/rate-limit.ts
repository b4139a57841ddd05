import type { MiddlewareHandler } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { RateLimiter, RatePolicy } from '#core/platform/rate-limiter.ts';
import { neighbourhoodOf } from '../client-address.ts';
import type { ApiEnv } from '../env.ts';

/** 100 requests/s of an organisation: enough for dashboards that poll 200 monitors, or a program that creates them. */
export const SIGNED_IN: RatePolicy = { name: 'default', burst: 1000, windowSeconds: 10 };
/** Few calls are needed before signing in. Clients behind one address share the limit. */
export const ANONYMOUS: RatePolicy = { name: 'anonymous', burst: 200, windowSeconds: 20 };
/** Each attempt costs a slow hash, and guessing must be slow: one per second after the first 30. */
export const CREDENTIALS: RatePolicy = { name: 'credentials', burst: 30, windowSeconds: 30 };

/**
 * Limits the requests of an organisation, whatever keys and sessions it has, and those of an address before a sign-in.
 * `stricter` replaces the policy, and is always by address.
 */
export function rateLimit(ctx: CoreContext, limiter: RateLimiter, stricter?: RatePolicy): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { caller, ip } = c.var;
    const policy = stricter ?? (caller === null ? ANONYMOUS : SIGNED_IN);
    const who =
      caller === null || stricter !== undefined ? `ip:${neighbourhoodOf(ip)}` : `org:${caller.organizationId}`;
    const { remaining, retryAfterSeconds } = limiter.take(`${policy.name}:${who}`, policy, ctx.clock.now().getTime());
    // draft-ietf-httpapi-ratelimit-headers-10
    const resetSeconds = Math.ceil(((policy.burst - remaining) / policy.burst) * policy.windowSeconds);
    c.header('RateLimit-Policy', `"${policy.name}";q=${policy.burst};w=${policy.windowSeconds}`);
    c.header('RateLimit', `"${policy.name}";r=${remaining};t=${resetSeconds}`);
    if (retryAfterSeconds > 0) {
      throw new ProblemError('rate_limited', `Try again in ${retryAfterSeconds} s.`, {
        headers: { 'Retry-After': String(retryAfterSeconds) },
      });
    }
    await next();
  };
}
