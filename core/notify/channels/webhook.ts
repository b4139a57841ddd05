import { createHmac } from 'node:crypto';
import { userAgent } from '#domain/base/product.ts';
import { shortened, storable } from '#domain/base/short-text.ts';
import { DETAIL_LENGTH_MAX } from '#domain/check/result.ts';
import { type EgressAnswer, EgressError, egress } from '../../platform/egress.ts';
import { type Attempt, failedAttempt } from '../attempt.ts';
import { readRetryAfter } from '../retry.ts';

/** Standard Webhooks advises 15 to 30 s at most. An endpoint that needs longer should queue. */
const TIMEOUT_MS = 10_000;
/** Bytes of an answer that are stored for a person to read. */
const ANSWER_BYTES_MAX = 4 * 1024;
/** Standard Webhooks: the endpoint wants no more messages. */
const GONE = 410;

export interface WebhookMessage {
  /** The notification's id: the same for every attempt, so the receiver can drop repetitions. */
  readonly id: string;
  readonly body: string;
  readonly url: string;
  /** `whsec_` and the key in base64. */
  readonly secret: string;
  /** The user's own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends one message by the Standard Webhooks specification (https://www.standardwebhooks.com). */
export async function sendWebhook(
  message: WebhookMessage,
  now: Date,
  options: { allowPrivateTargets: boolean },
): Promise<Attempt> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  try {
    const answer = await egress({
      method: 'POST',
      url: message.url,
      headers: {
        'User-Agent': userAgent('webhooks'),
        ...message.headers,
        'Content-Type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(message, timestamp),
      },
      body: message.body,
      timeoutMs: TIMEOUT_MS,
      responseBytesMax: ANSWER_BYTES_MAX,
      ...options,
    });
    return attemptOf(answer, now);
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    return failedAttempt(error.code, storable(shortened(error.message, DETAIL_LENGTH_MAX)), {
      permanent: error.code === 'address_refused',
    });
  }
}

function attemptOf({ status, body, retryAfter }: EgressAnswer, now: Date): Attempt {
  if (status >= 200 && status < 300) return { delivered: true, statusCode: status };
  const gone = status === GONE;
  return failedAttempt('http_status', storable(shortened(body, DETAIL_LENGTH_MAX)), {
    permanent: gone,
    gone,
    statusCode: status,
    retryAfterMs: readRetryAfter(retryAfter, now),
  });
}

/**
 * The key is decoded as leniently as Node does: secrets that were stored before base64 was required to be canonical
 * still sign.
 */
function signatureOf(message: WebhookMessage, timestamp: string): string {
  const key = Buffer.from(message.secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${message.id}.${timestamp}.${message.body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
