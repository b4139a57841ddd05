import { createHmac } from 'node:crypto';
import { userAgent } from '#domain/base/product.ts';
import { shortened, storable } from '#domain/base/short-text.ts';
import { DETAIL_LENGTH_MAX } from '#domain/check/result.ts';
import { EgressError, egress } from '../../platform/egress.ts';

/** Standard Webhooks advises 15 to 30 s at most. An endpoint that needs longer should queue. */
const TIMEOUT_MS = 10_000;
/** Bytes of an answer that are stored for a person to read. */
const ANSWER_BYTES_MAX = 4 * 1024;

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

/** Outcome of one attempt. `permanent` failures are not retried. */
export type Attempt =
  | { readonly delivered: true; readonly statusCode: number }
  | {
      readonly delivered: false;
      readonly permanent: boolean;
      readonly statusCode: number | null;
      readonly error: 'http_status' | EgressError['code'];
      readonly detail: string;
    };

/** Sends one message by the Standard Webhooks specification (https://www.standardwebhooks.com). Never throws. */
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
    if (answer.status >= 200 && answer.status < 300) return { delivered: true, statusCode: answer.status };
    return {
      delivered: false,
      // Standard Webhooks: 410 Gone means that the endpoint wants no more messages.
      permanent: answer.status === 410,
      statusCode: answer.status,
      error: 'http_status',
      detail: storable(shortened(answer.body, DETAIL_LENGTH_MAX)),
    };
  } catch (error) {
    const failure = error instanceof EgressError ? error : new EgressError('connection_failed', String(error));
    const { code, message: detail } = failure;
    return { delivered: false, permanent: code === 'address_refused', statusCode: null, error: code, detail };
  }
}

function signatureOf(message: WebhookMessage, timestamp: string): string {
  const key = Buffer.from(message.secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${message.id}.${timestamp}.${message.body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
