import { expect, test } from 'vitest';
import {
  isTokenFor,
  requestClaims,
  SERVICE_TOKEN_SKEW_SECONDS,
  SERVICE_TOKEN_TTL_SECONDS,
  type ServiceTokenClaims,
} from './service-token.ts';

const NOW = 1_795_370_000;
const request = requestClaims({ method: 'PUT', path: '/edge/v1/pages/shop?x=1' }, 'hash');
const genuine: ServiceTokenClaims = {
  iss: 'blacktide-core',
  aud: 'blacktide-edge',
  iat: NOW,
  exp: NOW + SERVICE_TOKEN_TTL_SECONDS,
  jti: 'a-token-of-its-own',
  ...request,
};

test.each([
  ['as it was made', {}, true],
  ['by a clock within the skew', { iat: NOW + SERVICE_TOKEN_SKEW_SECONDS, exp: NOW + 60 }, true],
  ['by a clock beyond the skew', { iat: NOW + SERVICE_TOKEN_SKEW_SECONDS + 1, exp: NOW + 60 }, false],
  ['for longer than allowed', { exp: NOW + SERVICE_TOKEN_TTL_SECONDS + 1 }, false],
  ['for another method', { req: 'DELETE /edge/v1/pages/shop?x=1' }, false],
  ['for another query', { req: 'PUT /edge/v1/pages/shop?x=2' }, false],
  ['for another body', { bod: 'other' }, false],
])('a token %s', (_, changes, good) => {
  expect(isTokenFor({ ...genuine, ...changes }, request, NOW)).toBe(good);
});
