import type { Channel } from '#domain/api/alerting.ts';
import type { Pair } from './monitor-draft.ts';

/** A webhook channel in its form; pure. */
export interface ChannelDraft {
  readonly name: string;
  readonly url: string;
  readonly default: boolean;
  /** Values of stored headers are hidden. Sent back as shown, they are kept. */
  readonly headers: readonly Pair[];
  /** Empty for a generated secret, or to keep the present one. */
  readonly secret: string;
}

export const EMPTY_CHANNEL: ChannelDraft = { name: '', url: '', default: true, headers: [], secret: '' };

export function channelDraftOf(channel: Channel): ChannelDraft {
  return {
    name: channel.name,
    url: channel.config.url,
    default: channel.default,
    headers: Object.entries(channel.config.headers).map(([name, value]) => ({ key: name, name, value })),
    secret: '',
  };
}

/** The body of POST /channels, not yet validated. */
export function channelRequestOf(draft: ChannelDraft) {
  return {
    name: draft.name.trim() === '' ? channelNameFrom(draft.url) : draft.name.trim(),
    type: 'webhook' as const,
    default: draft.default,
    config: {
      url: draft.url.trim(),
      headers: Object.fromEntries(
        draft.headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
      ),
      ...(draft.secret.trim() === '' ? {} : { secret: draft.secret.trim() }),
    },
  };
}

/** The default name of a channel: the host of its URL. */
export function channelNameFrom(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'Webhook';
}
