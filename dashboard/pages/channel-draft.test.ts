import { describe, expect, test } from 'vitest';
import { channelCreateSchema, channelSchema } from '#domain/api/alerting.ts';
import { mergePatch } from '../api/merge-patch.ts';
import { type ChannelDraft, channelDraftOf, channelRequestOf, EMPTY_CHANNEL } from './channel-draft.ts';

const HIDDEN = '••••••••';
const channel = channelSchema.parse({
  id: 'chn_1',
  name: 'Pager',
  type: 'webhook',
  default: false,
  enabled: true,
  config: { url: 'https://hooks.example/in', headers: { 'x-team': HIDDEN } },
  disabledAt: null,
  disabledReason: null,
  failingSince: null,
  lastError: null,
  lastStatusCode: null,
  lastDelivery: null,
  createdAt: '2026-11-22T14:00:00.000Z',
  updatedAt: '2026-11-22T14:00:00.000Z',
});

describe('a new channel', () => {
  test('needs a URL and is called after its host', () => {
    const body = channelRequestOf({ ...EMPTY_CHANNEL, url: ' https://hooks.example/in ' });
    expect(body).toMatchObject({ name: 'hooks.example', config: { url: 'https://hooks.example/in' } });
    expect(channelCreateSchema.safeParse(body).success).toBe(true);
  });

  test('without a secret has one made', () => {
    expect(channelRequestOf({ ...EMPTY_CHANNEL, secret: ' ' }).config).not.toHaveProperty('secret');
  });
});

describe('a change of a channel', () => {
  const patchOf = (change: Partial<ChannelDraft>) => {
    const initial = channelDraftOf(channel);
    return mergePatch(channelRequestOf(initial), channelRequestOf({ ...initial, ...change }));
  };

  test('sends what was changed and no hidden value', () => {
    expect(patchOf({})).toEqual({});
    expect(patchOf({ name: 'On-call' })).toEqual({ name: 'On-call' });
    expect(patchOf({ url: 'https://other.example/' })).toEqual({ config: { url: 'https://other.example/' } });
  });

  test('removes and adds headers', () => {
    expect(patchOf({ headers: [{ key: 'new', name: 'x-env', value: 'live' }] })).toEqual({
      config: { headers: { 'x-team': null, 'x-env': 'live' } },
    });
  });

  test('replaces the secret only when one is typed', () => {
    const secret = `whsec_${'A'.repeat(32)}`;
    expect(patchOf({ secret })).toEqual({ config: { secret } });
  });
});
