import { base64url, type CryptoKey, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import {
  isTokenFor,
  requestClaims,
  SERVICE_TOKEN_SKEW_SECONDS,
  SERVICE_TOKEN_TTL_SECONDS,
  type ServiceTokenClaims,
  serviceTokenClaimsSchema,
} from '#domain/wire/service-token.ts';

/** One request between core and edge, as its token is bound to it. */
export interface SignedRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly body: Uint8Array;
}

type Party = ServiceTokenClaims['iss'];

/** A key read from JSON text once per isolate: importing one costs more than using it. Never promises: one that
 * another request began may not be awaited in Workers. */
const keys = new Map<string, CryptoKey>();

/** Signs a request with an Ed25519 key (JWK as JSON text); the token serves once, for a minute. */
export async function signServiceToken(
  privateJwk: string,
  from: Party,
  to: Party,
  request: SignedRequest,
  nowMs: number,
): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  return new SignJWT(requestClaims(request, await bodyHash(request.body)))
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(from)
    .setAudience(to)
    .setIssuedAt(iat)
    .setExpirationTime(iat + SERVICE_TOKEN_TTL_SECONDS)
    .setJti(crypto.randomUUID())
    .sign(await keyOf(privateJwk));
}

/**
 * The claims of a token that is genuine and fresh; null for any other. Whether it was made for the request is for
 * `isMadeFor` to say, and that it is used only once for the caller to see to, with `jti` and `exp`.
 */
export async function readServiceToken(
  token: string,
  publicJwk: string,
  issuer: Party,
  audience: Party,
  nowMs: number,
): Promise<ServiceTokenClaims | null> {
  const key = await keyOf(publicJwk);
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA', 'Ed25519'],
      issuer,
      audience,
      currentDate: new Date(nowMs),
      clockTolerance: SERVICE_TOKEN_SKEW_SECONDS,
    });
    return serviceTokenClaimsSchema.safeParse(payload).data ?? null;
  } catch {
    // Every way a token can be wrong gets the same answer: nothing to learn for who forges them.
    return null;
  }
}

/** Whether the token was made for exactly this request. */
export async function isMadeFor(claims: ServiceTokenClaims, request: SignedRequest, nowMs: number): Promise<boolean> {
  return isTokenFor(claims, requestClaims(request, await bodyHash(request.body)), nowMs / 1000);
}

async function keyOf(jwk: string): Promise<CryptoKey> {
  const known = keys.get(jwk);
  if (known !== undefined) return known;
  const key = await importJWK(JSON.parse(jwk) as JWK, 'EdDSA');
  if (key instanceof Uint8Array) throw new Error('a service key must be an Ed25519 JWK');
  keys.set(jwk, key);
  return key;
}

async function bodyHash(body: Uint8Array): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
}
