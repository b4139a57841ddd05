import type { Context } from 'hono';
import type { BodyBudget, HeldBody } from '#domain/wire/body-budget.ts';
import { ProblemError } from './problem-error.ts';

/** Bodies are held for the time of a request, most of them for milliseconds. */
const RETRY_AFTER_SECONDS = '1';

/**
 * The body of a request, which is held in the budget until it is released. Throws payload_too_large, unavailable when
 * there is no room for it now, and malformed_request when the client breaks off.
 */
export async function readBody(
  c: Context,
  budget: BodyBudget,
  limit: { readonly bytesMax: number; readonly owner: string },
): Promise<HeldBody> {
  const body = await budget.read(c.req.raw.body, limit).catch(() => {
    throw new ProblemError('malformed_request', 'The body ended before it was complete.');
  });
  if (body === 'too_large') throw new ProblemError('payload_too_large', `A body may have ${limit.bytesMax} bytes.`);
  if (body === 'no_room') {
    throw new ProblemError('unavailable', 'Too many large requests are being worked on; send this one again.', {
      // The rest of the body is not read, so the connection cannot be used for another request.
      headers: { 'Retry-After': RETRY_AFTER_SECONDS, Connection: 'close' },
    });
  }
  return body;
}
