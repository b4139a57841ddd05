export interface RatePolicy {
  readonly name: string;
  /** Most tokens at once. */
  readonly burst: number;
  /** Seconds in which an empty bucket refills. */
  readonly windowSeconds: number;
}

/** Bounds memory (about 100 bytes a bucket); the least recently used bucket is dropped first. */
const BUCKETS_MAX = 100_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets in this process's memory: each process has its own. */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes `tokens`. `retryAfterSeconds` is 0 when there were so many; then alone they are taken. */
  take(
    key: string,
    policy: RatePolicy,
    nowMs: number,
    tokens = 1,
  ): { readonly remaining: number; readonly retryAfterSeconds: number } {
    const held = this.#tokens(key, policy, nowMs);
    const retryAfterSeconds = this.#wait(held, policy, tokens);
    const left = retryAfterSeconds === 0 ? held - tokens : held;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: left, atMs: nowMs });
    this.#forgetOldest();
    return { remaining: Math.floor(left), retryAfterSeconds };
  }

  /** Seconds until there will be so many tokens; 0 when there are. */
  retryAfterSeconds(key: string, policy: RatePolicy, nowMs: number, tokens: number): number {
    return this.#wait(this.#tokens(key, policy, nowMs), policy, tokens);
  }

  #tokens(key: string, policy: RatePolicy, nowMs: number): number {
    const { tokens, atMs } = this.#buckets.get(key) ?? { tokens: policy.burst, atMs: nowMs };
    return Math.min(policy.burst, tokens + Math.max(0, nowMs - atMs) * perMs(policy));
  }

  #wait(held: number, policy: RatePolicy, tokens: number): number {
    return held >= tokens ? 0 : Math.ceil((tokens - held) / perMs(policy) / 1000);
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= BUCKETS_MAX) return;
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

function perMs({ burst, windowSeconds }: RatePolicy): number {
  return burst / (windowSeconds * 1000);
}
