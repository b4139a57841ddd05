import { generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import {
  forgetAtMs,
  isTokenFor,
  isTokenForBody,
  readServiceToken,
  type ServiceTokenClaims,
  signServiceToken,
} from './service-token.ts';

const NOW_MS = 1_790_000_000_500;
const NOW = Math.floor(NOW_MS / 1000);
const request = { method: 'PUT', path: '/edge/v1/pages/shop?x=1', bodyHash: 'hash' };
const ways = { from: 'blacktide-core', to: 'blacktide-edge', nowMs: NOW_MS } as const;
const jti = 'a-token-of-its-own';
const { privateKey, publicKey } = await generateKeyPair('EdDSA');
const genuine = await signServiceToken(privateKey, { ...ways, jti }, request);
const read = (authorization: string | undefined, nowMs = NOW_MS) =>
  readServiceToken(authorization, publicKey, { ...ways, nowMs });
const claims = (await read(`Bearer ${genuine}`)) as ServiceTokenClaims;

test('a token says who asks whom for what, and for how long', () => {
  expect(claims).toEqual({
    iss: 'blacktide-core',
    aud: 'blacktide-edge',
    iat: NOW,
    exp: NOW + 60,
    jti,
    req: 'PUT /edge/v1/pages/shop?x=1',
    bod: 'hash',
  });
});

test.each([
  ['as it was made', {}, {}, true],
  ['by a clock within the skew', { iat: NOW + 30, exp: NOW + 60 }, {}, true],
  ['by a clock beyond the skew', { iat: NOW + 31, exp: NOW + 60 }, {}, false],
  ['for longer than allowed', { exp: NOW + 61 }, {}, false],
  ['for another method', {}, { method: 'DELETE' }, false],
  ['for another query', {}, { path: '/edge/v1/pages/shop?x=2' }, false],
])('a token %s', (_, changes, asked, good) => {
  expect(isTokenFor({ ...claims, ...changes }, { ...request, ...asked }, NOW_MS)).toBe(good);
});

test('a token is made for one body', () => {
  expect([isTokenForBody(claims, 'hash'), isTokenForBody(claims, 'other')]).toEqual([true, false]);
});

test('whatever is wrong with a token, nothing is learned from the answer', async () => {
  const stranger = await generateKeyPair('EdDSA');
  const forged = await signServiceToken(stranger.privateKey, { ...ways, jti }, request);
  const backwards = await signServiceToken(privateKey, { ...ways, from: ways.to, to: ways.from, jti }, request);
  const [head, body] = genuine.split('.');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
  const bare = await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
  const short = await signServiceToken(privateKey, { ...ways, jti: 'short' }, request);
  for (const token of [forged, backwards, unsigned, bare, short, `${head}.${body}.`, 'no.jwt.at-all', '']) {
    expect(await read(`Bearer ${token}`), token).toBeNull();
  }
  for (const header of [undefined, genuine, `Basic ${genuine}`, `Bearer  ${genuine}`, `Bearer ${genuine} more`]) {
    expect(await read(header), header).toBeNull();
  }
});

test('a used token has to be remembered for exactly as long as it would be taken', async () => {
  expect(await read(`Bearer ${genuine}`, forgetAtMs(claims) - 2_000)).not.toBeNull();
  expect(await read(`Bearer ${genuine}`, forgetAtMs(claims))).toBeNull();
});
