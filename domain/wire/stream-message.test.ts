import { generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { signServiceToken } from './service-token.ts';
import { MESSAGE_BYTES_MAX, readSignature, signMessage, streamMessages, subjectOf } from './stream-message.ts';

const core = await generateKeyPair('EdDSA');
const edge = await generateKeyPair('EdDSA');
const keys = { 'blacktide-core': core.publicKey, 'blacktide-edge': edge.publicKey };
const message = { subject: subjectOf('check.completed'), id: 'id', bodyHash: 'hash' };
const byEdge = { ...message, signer: 'blacktide-edge', shard: 'shd_1' } as const;

test('who signs is the edge, or the core itself; the signature says for which shard', async () => {
  expect(await readSignature(await signMessage(edge.privateKey, byEdge), keys, message)).toEqual({ shard: 'shd_1' });
  const byCore = { ...byEdge, signer: 'blacktide-core', shard: 'shd_2' } as const;
  expect(await readSignature(await signMessage(core.privateKey, byCore), keys, message)).toEqual({ shard: 'shd_2' });
});

test.each([
  ['another subject', { subject: subjectOf('alert.triggered') }],
  ['another message', { id: 'other' }],
  ['another body', { bodyHash: 'other' }],
])('a signature for %s is refused with that reason', async (what, changes) => {
  const signature = await signMessage(edge.privateKey, byEdge);
  const refused = `the signature is for ${what}`;
  expect(await readSignature(signature, keys, { ...message, ...changes })).toEqual({ refused });
});

test('nobody signs for another, and nothing else that the keys have signed is a signature', async () => {
  const stranger = await generateKeyPair('EdDSA');
  const request = { method: 'POST', path: '/edge/v1/events', bodyHash: 'hash' };
  const ways = { from: 'blacktide-edge', to: 'blacktide-core', jti: 'sixteen-and-more', nowMs: Date.now() } as const;
  const genuine = await signMessage(edge.privateKey, byEdge);
  const forgeries = [
    await signMessage(stranger.privateKey, byEdge),
    await signMessage(edge.privateKey, { ...byEdge, signer: 'blacktide-core' }),
    await signServiceToken(edge.privateKey, ways, request),
    genuine.slice(0, genuine.lastIndexOf('.') + 1),
    'nonsense',
  ];
  for (const signature of forgeries) {
    expect(await readSignature(signature, keys, message)).toEqual({ refused: 'the signature is not genuine' });
  }
  expect(await readSignature('', keys, message)).toEqual({ refused: 'not signed' });
});

test('a delivery becomes one message a kind, in order; large events are spread over several', () => {
  const event = (kind: string, n: number, size = 0) => ({ kind, body: JSON.stringify({ n, text: 'ü'.repeat(size) }) });
  const large = MESSAGE_BYTES_MAX / 5;
  const events = [event('a', 1), event('b', 2, large), event('a', 3), event('b', 4, large), event('b', 5, 2 * large)];
  const messages = streamMessages('shd_1', events).map(({ subject, body }) => {
    expect(Buffer.byteLength(body)).toBeLessThan(2 * MESSAGE_BYTES_MAX);
    const batch = JSON.parse(body);
    expect(batch).toMatchObject({ v: 1, shard: 'shd_1' });
    return [subject, batch.events.map((one: { n: number }) => one.n)];
  });
  expect(messages).toEqual([
    ['blacktide.a', [1, 3]],
    ['blacktide.b', [2]],
    ['blacktide.b', [4]],
    ['blacktide.b', [5]],
  ]);
  const many = streamMessages(
    'shd_1',
    Array.from({ length: 1001 }, (_, n) => event('a', n)),
  );
  expect(many.map(({ body }) => JSON.parse(body).events.length)).toEqual([500, 500, 1]);
});
