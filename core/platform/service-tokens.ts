import { createHash } from 'node:crypto';
import { type CryptoKey, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import type { Sql } from 'postgres';
import {
  isTokenFor,
  requestClaims,
  SERVICE_TOKEN_SKEW_SECONDS,
  SERVICE_TOKEN_TTL_SECONDS,
  type ServiceTokenClaims,
  serviceTokenClaimsSchema,
} from '#domain/wire/service-token.ts';
import type { Clock, ServiceTokens } from '../context.ts';
import { ProblemError } from './problem-error.ts';

const CORE = 'blacktide-core';
const EDGE = 'blacktide-edge';

/** Signs requests to the edge and checks the edge's: Ed25519 (RFC 8037), bound to one request, used once. */
export async function createServiceTokens(
  sql: Sql,
  clock: Clock,
  keys: { corePrivate: JWK; edgePublic: JWK },
): Promise<ServiceTokens> {
  const privateKey = await importKey(keys.corePrivate);
  const publicKey = await importKey(keys.edgePublic);

  return {
    async sign(request) {
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      return new SignJWT(requestClaims(request, bodyHash(request.body)))
        .setProtectedHeader({ alg: 'EdDSA' })
        .setIssuer(CORE)
        .setAudience(EDGE)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + SERVICE_TOKEN_TTL_SECONDS)
        .setJti(Buffer.from(clock.random(16)).toString('base64url'))
        .sign(privateKey);
    },

    async verify(authorization, request) {
      const now = clock.now();
      const claims = await readClaims(authorization, publicKey, now);
      const asked = requestClaims(request, bodyHash(request.body));
      if (claims === null || !isTokenFor(claims, asked, now.getTime() / 1000)) throw refused();
      if (!(await useOnce(sql, claims))) throw refused();
    },
  };
}

/** Null whatever is wrong: who forges tokens learns nothing. */
async function readClaims(
  authorization: string | undefined,
  key: CryptoKey,
  now: Date,
): Promise<ServiceTokenClaims | null> {
  const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined) return null;
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA', 'Ed25519'],
      issuer: EDGE,
      audience: CORE,
      currentDate: now,
      clockTolerance: SERVICE_TOKEN_SKEW_SECONDS,
    });
    return serviceTokenClaimsSchema.parse(payload);
  } catch {
    return null;
  }
}

/** The row is the memory of all API processes: whoever inserts it owns the token's one use. */
async function useOnce(sql: Sql, claims: ServiceTokenClaims): Promise<boolean> {
  const forgetAt = new Date((claims.exp + SERVICE_TOKEN_SKEW_SECONDS + 1) * 1000);
  const inserted = await sql`
    INSERT INTO service_token_uses (jti, expires_at) VALUES (${claims.jti}, ${forgetAt}) ON CONFLICT DO NOTHING`;
  return inserted.count === 1;
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'EdDSA');
  if (key instanceof Uint8Array) throw new Error('a service key must be an Ed25519 JWK');
  return key;
}

function bodyHash(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}

function refused(): ProblemError {
  return new ProblemError('invalid_service_token');
}
