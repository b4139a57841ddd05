import { createHash } from 'node:crypto';
import type { JWK } from 'jose';
import type { Sql } from 'postgres';
import {
  forgetAtMs,
  importServiceKey,
  isTokenFor,
  isTokenForBody,
  readServiceToken,
  type ServiceTokenClaims,
  signServiceToken,
} from '#domain/wire/service-token.ts';
import type { Clock, ServiceTokens } from '../context.ts';
import { ProblemError } from './problem-error.ts';

const CORE = 'blacktide-core';
const EDGE = 'blacktide-edge';

/** Signs requests to the edge and verifies the edge's. Used tokens are stored in the database. */
export async function createServiceTokens(
  sql: Sql,
  clock: Clock,
  keys: { corePrivate: JWK; edgePublic: JWK },
): Promise<ServiceTokens> {
  const privateKey = await importServiceKey(keys.corePrivate);
  const publicKey = await importServiceKey(keys.edgePublic);

  return {
    async sign(request) {
      const jti = Buffer.from(clock.random(16)).toString('base64url');
      const token = { from: CORE, to: EDGE, jti, nowMs: clock.now().getTime() } as const;
      return signServiceToken(privateKey, token, { ...request, bodyHash: bodyHash(request.body) });
    },

    async verify(authorization, request) {
      const nowMs = clock.now().getTime();
      const claims = await readServiceToken(authorization, publicKey, { from: EDGE, to: CORE, nowMs });
      if (claims === null || !isTokenFor(claims, request, nowMs)) throw refused();
      if (!(await useOnce(sql, claims))) throw refused();
      return {
        requireBody(body) {
          if (!isTokenForBody(claims, bodyHash(body))) throw refused();
        },
      };
    },
  };
}

/** The inserted row marks the token as used for all API processes; whoever inserts it may use the token. */
async function useOnce(sql: Sql, claims: ServiceTokenClaims): Promise<boolean> {
  const inserted = await sql`
    INSERT INTO service_token_uses (jti, expires_at) VALUES (${claims.jti}, ${new Date(forgetAtMs(claims))})
    ON CONFLICT DO NOTHING`;
  return inserted.count === 1;
}

function bodyHash(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}

function refused(): ProblemError {
  return new ProblemError('invalid_service_token');
}
