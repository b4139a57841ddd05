import { isHeaderName, isHeaderValue } from '#domain/base/header-syntax.ts';
import { isJsonObject } from '#domain/base/json-object.ts';
import type { CoreContext } from '../context.ts';
import { type ChannelRow, readChannel } from '../services/channels/stored.ts';
import { type FailedAttempt, failedAttempt } from './attempt.ts';
import type { WebhookMessage } from './channels/webhook.ts';
import type { LeasedNotification } from './outbox.ts';

type Prepared =
  | { readonly ready: true; readonly message: WebhookMessage }
  | { readonly ready: false; readonly failure: FailedAttempt };

/**
 * The message to send, or the failed attempt that stands for it. What cannot be prepared is an attempt like any other:
 * it shows in the delivery log, is tried again in case somebody repairs the channel, and ends.
 */
export function prepare(ctx: CoreContext, notification: LeasedNotification, row: ChannelRow): Prepared {
  const { channel, problem } = readChannel(ctx, row);
  if (problem !== undefined) {
    const { code, message } = problem;
    return unprepared(code === 'secret_unreadable' || code === 'kind_unknown' ? code : 'config_unreadable', message);
  }
  const { url, secret, headers } = channel.config;
  if (!isWebUrl(url)) return unprepared('config_unreadable', 'the URL of the channel is not an http or https URL');
  const unsendable = Object.entries(headers).find(([name, value]) => !isHeaderName(name) || !isHeaderValue(value));
  if (unsendable !== undefined) return unprepared('config_unreadable', `the header ${unsendable[0]} cannot be sent`);
  const { id, payload } = notification;
  if (!isJsonObject(payload) || typeof payload.type !== 'string') {
    return unprepared('message_unreadable', 'the stored message is not an object with a type');
  }
  return { ready: true, message: { id, body: JSON.stringify(payload), url, secret, headers } };
}

function unprepared(error: FailedAttempt['error'], detail: string): Prepared {
  return { ready: false, failure: failedAttempt(error, detail) };
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
