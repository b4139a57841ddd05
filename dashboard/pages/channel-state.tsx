import type { ReactNode } from 'react';
import type { Channel, Delivery } from '#domain/api/alerting.ts';
import { Moment } from '../ui/moment.tsx';

/** The codes of failed attempts (docs/webhooks.md) in words. */
const ERROR_WORDS: Readonly<Record<string, string | undefined>> = {
  timeout: 'no answer in time',
  connection_failed: 'the connection failed',
  address_refused: 'its address is not public',
  secret_unreadable: 'its stored secret cannot be read',
  config_unreadable: 'its stored settings cannot be read',
  kind_unknown: 'its kind is not known here',
  message_unreadable: 'the message cannot be read',
  internal: 'BlackTide itself failed',
  not_sent: 'not sent',
};

/** What a failed attempt met: the status of its answer, or the code in words. */
export function attemptWords(attempt: Pick<Delivery['attempts'][number], 'statusCode' | 'error'>): string {
  if (attempt.statusCode !== null) return `HTTP ${attempt.statusCode}`;
  return attempt.error === null ? 'no answer' : (ERROR_WORDS[attempt.error] ?? attempt.error);
}

/** Since when and why a channel does not take its messages, in one line; null while it does. */
export function channelTrouble(channel: Channel): ReactNode {
  const { enabled, disabledAt, disabledReason, failingSince, lastError, lastStatusCode } = channel;
  if (!enabled) {
    if (disabledAt === null) return null;
    return (
      <>
        Switched off since <Moment at={disabledAt} />
        {disabledReason === 'gone' && ': it answered 410 Gone and wants no more messages'}
      </>
    );
  }
  if (failingSince === null) return null;
  return (
    <>
      Refuses since <Moment at={failingSince} />: {attemptWords({ statusCode: lastStatusCode, error: lastError })}
    </>
  );
}
