import { base64url, type CryptoKey, type JWK } from 'jose';
import * as wire from '#domain/wire/service-token.ts';

/** One request between core and edge, before its body is hashed. */
export interface SignedRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly body: Uint8Array;
}

/**
 * Imported keys of this isolate: importing a key costs more than using it. The map holds keys and no promises, because a
 * request in Workers may not await a promise of another request.
 */
const keys = new Map<string, CryptoKey>();

/** Signs a request with an Ed25519 key (JWK as JSON text); the token serves once, for a minute. */
export async function signServiceToken(
  privateJwk: string,
  from: wire.ServiceParty,
  to: wire.ServiceParty,
  request: SignedRequest,
  nowMs: number,
): Promise<string> {
  const token = { from, to, jti: crypto.randomUUID(), nowMs };
  return wire.signServiceToken(await keyOf(privateJwk), token, await hashed(request));
}

/** The claims of the token in an Authorization header; null for one that is not genuine and fresh. */
export async function readServiceToken(
  authorization: string | null | undefined,
  publicJwk: string,
  from: wire.ServiceParty,
  to: wire.ServiceParty,
  nowMs: number,
): Promise<wire.ServiceTokenClaims | null> {
  return wire.readServiceToken(authorization, await keyOf(publicJwk), { from, to, nowMs });
}

/** Whether the token was made for exactly this body. */
export async function isMadeForBody(claims: wire.ServiceTokenClaims, body: Uint8Array): Promise<boolean> {
  return wire.isTokenForBody(claims, await hashOf(body));
}

export async function keyOf(jwk: string): Promise<CryptoKey> {
  const known = keys.get(jwk);
  if (known !== undefined) return known;
  const key = await wire.importServiceKey(JSON.parse(jwk) as JWK);
  keys.set(jwk, key);
  return key;
}

/** SHA-256, base64url. */
export async function hashOf(body: Uint8Array): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
}

async function hashed({ method, path, body }: SignedRequest): Promise<wire.SignedRequest> {
  return { method, path, bodyHash: await hashOf(body) };
}
