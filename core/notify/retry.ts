/** Attempts of one notification, over about two hours: it survives an endpoint's restart or deployment. */
export const ATTEMPTS_MAX = 8;
const FIRST_DELAY_MS = 10_000;
const FACTOR = 3;
const DELAY_MAX_MS = 60 * 60_000;

/**
 * Milliseconds until the next attempt after `made` failed ones, or null when there is none. Exponential back-off with
 * full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS 2015), so that an endpoint that recovers does not
 * receive all retries at once. `random` holds four bytes.
 */
export function retryDelayMs(made: number, random: Uint8Array): number | null {
  if (made >= ATTEMPTS_MAX) return null;
  const ceiling = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * FACTOR ** (made - 1));
  const share = Buffer.from(random).readUInt32BE(0) / 2 ** 32;
  return Math.round(ceiling * share);
}
