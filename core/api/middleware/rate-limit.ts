import type { MiddlewareHandler } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { neighbourhoodOf } from '../client-address.ts';
import type { ApiEnv } from '../env.ts';

export interface RatePolicy {
  readonly name: string;
  /** Most requests at once. */
  readonly burst: number;
  /** Seconds in which an empty bucket refills. */
  readonly windowSeconds: number;
}

/** 100 requests/s: enough for a dashboard that polls 200 monitors, or a program that creates them. */
export const SIGNED_IN: RatePolicy = { name: 'default', burst: 1000, windowSeconds: 10 };
/** Few calls are needed before signing in. Clients behind one address share the limit. */
export const ANONYMOUS: RatePolicy = { name: 'anonymous', burst: 200, windowSeconds: 20 };
/** Each attempt costs a slow hash, and guessing must be slow: one per second after the first 30. */
export const CREDENTIALS: RatePolicy = { name: 'credentials', burst: 30, windowSeconds: 30 };

/** Bounds memory (about 100 bytes a bucket); the least recently used bucket is dropped first. */
const BUCKETS_MAX = 100_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets in this process's memory: each API process has its own. */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes one token. `retryAfterSeconds` is 0 when a token was available. */
  take(key: string, policy: RatePolicy, nowMs: number): { remaining: number; retryAfterSeconds: number } {
    const perMs = policy.burst / (policy.windowSeconds * 1000);
    const bucket = this.#buckets.get(key) ?? { tokens: policy.burst, atMs: nowMs };
    const refilled = Math.min(policy.burst, bucket.tokens + Math.max(0, nowMs - bucket.atMs) * perMs);
    const allowed = refilled >= 1;
    const tokens = allowed ? refilled - 1 : refilled;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens, atMs: nowMs });
    this.#forgetOldest();
    const retryAfterSeconds = allowed ? 0 : Math.ceil((1 - refilled) / perMs / 1000);
    return { remaining: Math.floor(tokens), retryAfterSeconds };
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= BUCKETS_MAX) return;
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/** Limits requests by API key, session or address. `stricter` replaces the caller's own policy. */
export function rateLimit(ctx: CoreContext, limiter: RateLimiter, stricter?: RatePolicy): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { caller, ip } = c.var;
    const policy = stricter ?? (caller === null ? ANONYMOUS : SIGNED_IN);
    const who = caller === null || stricter !== undefined ? `ip:${neighbourhoodOf(ip)}` : caller.credential.id;
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
