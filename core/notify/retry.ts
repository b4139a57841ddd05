/** Attempts of one notification, over about two hours: it survives an endpoint's restart or deployment. */
export const ATTEMPTS_MAX = 8;
const FIRST_DELAY_MS = 10_000;
const FACTOR = 3;
const DELAY_MAX_MS = 60 * 60_000;
/** An endpoint that asks for no wait is still given one, so that eight attempts are not used up at once. */
const ASKED_MIN_MS = 1_000;
/** Share of the asked wait that is added at most, so that all who were told the same time do not return together. */
const ASKED_SPREAD = 0.1;

/**
 * Milliseconds until the next attempt after `made` failed ones, or null when there is none. Exponential back-off with
 * full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS 2015), so that an endpoint that recovers does not
 * receive all retries at once. What the endpoint asks for (`Retry-After`) is waited at least, up to an hour: a longer
 * wait would be the silence that monitoring is there to end. `random` holds four bytes.
 */
export function retryDelayMs(made: number, random: Uint8Array, askedMs: number | null = null): number | null {
  if (made >= ATTEMPTS_MAX) return null;
  const ceiling = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * FACTOR ** (made - 1));
  const share = Buffer.from(random).readUInt32BE(0) / 2 ** 32;
  const ownMs = Math.round(ceiling * share);
  if (askedMs === null) return ownMs;
  const waitMs = Math.max(ASKED_MIN_MS, askedMs) * (1 + ASKED_SPREAD * share);
  return Math.max(ownMs, Math.min(DELAY_MAX_MS, Math.round(waitMs)));
}

/** RFC 9110, section 5.6.7: the form of today and the two obsolete ones that a recipient must read. */
const HTTP_DATE =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * Milliseconds that a `Retry-After` header (RFC 9110, section 10.2.3: seconds or a date) asks to wait; 0 for a date
 * that is over, null without a header that says so.
 */
export function readRetryAfter(header: string | undefined, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!HTTP_DATE.test(text)) return null;
  // The asctime form names no zone and means GMT as the others do.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
