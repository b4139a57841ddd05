import { type CryptoKey, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/**
 * A service token: a JWT (EdDSA, RFC 8037) that signs one request between core and edge. The token is bound to method,
 * path and body, and is valid once within a minute. Both sides create and check tokens here; hashing and the memory of
 * used tokens differ between the runtimes and are passed in or left to the caller.
 */
const partySchema = z.enum(['blacktide-core', 'blacktide-edge']);
/** The party that signs. */
export type ServiceParty = z.infer<typeof partySchema>;

const claimsSchema = z.object({
  iss: partySchema,
  aud: partySchema,
  iat: z.int(),
  exp: z.int(),
  /** Unique id of the token. The receiver remembers used ones until `forgetAtMs`. */
  jti: z.string().min(16).max(64),
  /** "PUT /edge/v1/…": method, space, path with query. */
  req: z.string(),
  /** SHA-256 of the body, base64url. */
  bod: z.string(),
});
export type ServiceTokenClaims = z.infer<typeof claimsSchema>;

/** The parts of a request that a token is compared with before the body is read. */
export interface RequestHead {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
}

/** One request between core and edge, in the form to which its token is bound. */
export interface SignedRequest extends RequestHead {
  /** SHA-256 of the body, base64url. */
  readonly bodyHash: string;
}

const TTL_SECONDS = 60;
/** Tolerated difference between the clocks of two data centres. */
const SKEW_SECONDS = 30;
/** Ed25519 has two names in JOSE: EdDSA (RFC 8037), and Ed25519 (RFC 9864). */
export const SIGNATURE_ALGORITHMS = ['EdDSA', 'Ed25519'];

/** An Ed25519 key from its JWK. Callers keep the key, because importing costs more than using it. */
export async function importServiceKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'EdDSA');
  if (key instanceof Uint8Array) throw new Error('a service key must be an Ed25519 JWK');
  return key;
}

/** Signs a token. `jti` is unguessable and new for each token: 16 to 64 characters. */
export async function signServiceToken(
  key: CryptoKey,
  token: { readonly from: ServiceParty; readonly to: ServiceParty; readonly jti: string; readonly nowMs: number },
  request: SignedRequest,
): Promise<string> {
  const iat = Math.floor(token.nowMs / 1000);
  return new SignJWT({ req: requestOf(request), bod: request.bodyHash })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(token.from)
    .setAudience(token.to)
    .setIssuedAt(iat)
    .setExpirationTime(iat + TTL_SECONDS)
    .setJti(token.jti)
    .sign(key);
}

/**
 * The claims of the token in an Authorization header, when it is genuine and fresh; null for every fault, so that a
 * forger learns nothing. The caller still checks that the token was made for the request (`isTokenFor`), that it is used
 * once (`jti`, `forgetAtMs`), and then, with the body, `isTokenForBody`.
 */
export async function readServiceToken(
  authorization: string | null | undefined,
  key: CryptoKey,
  expected: { readonly from: ServiceParty; readonly to: ServiceParty; readonly nowMs: number },
): Promise<ServiceTokenClaims | null> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return null;
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: SIGNATURE_ALGORITHMS,
      issuer: expected.from,
      audience: expected.to,
      currentDate: new Date(expected.nowMs),
      clockTolerance: SKEW_SECONDS,
    });
    return claimsSchema.parse(payload);
  } catch {
    return null;
  }
}

/**
 * Whether a genuine, unexpired token was made for this method and path, with at most the allowed lifetime. Known before
 * the body is read. The claims are no secrets, so they need no comparison in constant time; WebCrypto compares the
 * signature.
 */
export function isTokenFor(claims: ServiceTokenClaims, request: RequestHead, nowMs: number): boolean {
  if (claims.exp - claims.iat > TTL_SECONDS) return false;
  if (claims.iat > nowMs / 1000 + SKEW_SECONDS) return false;
  return claims.req === requestOf(request);
}

/** Whether the token was made for a body with this hash: SHA-256, base64url. */
export function isTokenForBody(claims: ServiceTokenClaims, bodyHash: string): boolean {
  return claims.bod === bodyHash;
}

/** From this time on the token is refused as expired, so its use need not be remembered any longer. */
export function forgetAtMs(claims: ServiceTokenClaims): number {
  return (claims.exp + SKEW_SECONDS + 1) * 1000;
}

function requestOf({ method, path }: RequestHead): string {
  return `${method} ${path}`;
}
