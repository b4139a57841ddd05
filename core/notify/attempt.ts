/** Why an attempt failed: stable codes of the delivery log, described in docs/webhooks.md. */
export type AttemptError =
  | 'http_status'
  | 'timeout'
  | 'connection_failed'
  | 'address_refused'
  | 'secret_unreadable'
  | 'config_unreadable'
  | 'kind_unknown'
  | 'message_unreadable'
  | 'internal';

export interface FailedAttempt {
  readonly delivered: false;
  /** True for a failure that another attempt would meet again: it ends the notification. */
  readonly permanent: boolean;
  /** The endpoint wants no more messages (410 Gone): its channel is switched off. */
  readonly gone: boolean;
  readonly statusCode: number | null;
  readonly error: AttemptError;
  /** For people, without secrets. */
  readonly detail: string;
  /** How long the endpoint asks to wait; null when it does not say. */
  readonly retryAfterMs: number | null;
}

/** Outcome of one attempt. */
export type Attempt = { readonly delivered: true; readonly statusCode: number } | FailedAttempt;

/** A failed attempt, by default one without an answer that is worth another try. */
export function failedAttempt(
  error: AttemptError,
  detail: string,
  facts: Partial<Pick<FailedAttempt, 'permanent' | 'gone' | 'statusCode' | 'retryAfterMs'>> = {},
): FailedAttempt {
  const defaults = { permanent: false, gone: false, statusCode: null, retryAfterMs: null };
  return { delivered: false, error, detail, ...defaults, ...facts };
}

/** What an attempt met, in a few words for people. */
export function failureWords({ statusCode, error }: Pick<FailedAttempt, 'statusCode' | 'error'>): string {
  return statusCode === null ? ERROR_WORDS[error] : `it answered HTTP ${statusCode}`;
}

const ERROR_WORDS = {
  http_status: 'it refused the message',
  timeout: 'it did not answer in time',
  connection_failed: 'the connection failed',
  address_refused: 'its address is not public',
  secret_unreadable: 'the secret of the channel cannot be read',
  config_unreadable: 'the settings of the channel cannot be read',
  kind_unknown: 'this version does not know channels of its kind',
  message_unreadable: 'the message cannot be read',
  internal: 'BlackTide itself failed',
} as const satisfies Record<AttemptError, string>;
