import type { MiddlewareHandler } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { RateLimiter, RatePolicy } from '#core/platform/rate-limiter.ts';
import { neighbourhoodOf } from '../client-address.ts';
import type { ApiEnv } from '../env.ts';

/** Whoever is not the edge has nothing to do here. A new key of the edge is noticed within these tries. */
const STRANGERS: RatePolicy = { name: 'edge', burst: 60, windowSeconds: 60 };

/**
 * Limits the requests to the edge's routes that bear no good token, by address. The edge itself is never limited by
 * them, also not when it shares its address with a stranger.
 */
export function limitStrangers(ctx: CoreContext, limiter: RateLimiter): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next();
    if (!(c.error instanceof ProblemError) || c.error.code !== 'invalid_service_token') return;
    const key = `${STRANGERS.name}:${neighbourhoodOf(c.var.ip)}`;
    const { retryAfterSeconds } = limiter.take(key, STRANGERS, ctx.clock.now().getTime());
    if (retryAfterSeconds === 0) return;
    const headers = { 'Retry-After': String(retryAfterSeconds) };
    throw new ProblemError('rate_limited', `Try again in ${retryAfterSeconds} s.`, { headers });
  };
}
