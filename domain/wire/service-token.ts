import { z } from 'zod';

/**
 * What a service token says: a JWT (EdDSA) that signs one request between core and edge, bound to method, path and
 * body, good for a minute and once. Each side makes and checks the signature with its own runtime.
 */
export const serviceTokenClaimsSchema = z.object({
  iss: z.enum(['blacktide-core', 'blacktide-edge']),
  aud: z.enum(['blacktide-core', 'blacktide-edge']),
  iat: z.int(),
  exp: z.int(),
  /** Used once: the receiver remembers it until it expires. */
  jti: z.string().min(16).max(64),
  /** "PUT /edge/v1/…": method, space, path with query. */
  req: z.string(),
  /** SHA-256 of the body, base64url. */
  bod: z.string(),
});
export type ServiceTokenClaims = z.infer<typeof serviceTokenClaimsSchema>;

export const SERVICE_TOKEN_TTL_SECONDS = 60;
/** Clocks of two data centres may differ by this much. */
export const SERVICE_TOKEN_SKEW_SECONDS = 30;

/** The claims that bind a token to one request; `path` is with its query. */
export function requestClaims(
  { method, path }: { readonly method: string; readonly path: string },
  bodyHash: string,
): Pick<ServiceTokenClaims, 'req' | 'bod'> {
  return { req: `${method} ${path}`, bod: bodyHash };
}

/** Whether a token that is genuine and has not expired was made for this request, and for no longer than allowed. */
export function isTokenFor(
  claims: ServiceTokenClaims,
  { req, bod }: Pick<ServiceTokenClaims, 'req' | 'bod'>,
  nowSeconds: number,
): boolean {
  if (claims.exp - claims.iat > SERVICE_TOKEN_TTL_SECONDS) return false;
  if (claims.iat > nowSeconds + SERVICE_TOKEN_SKEW_SECONDS) return false;
  return claims.req === req && claims.bod === bod;
}
