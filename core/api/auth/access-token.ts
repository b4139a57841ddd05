import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { CoreContext } from '#core/context.ts';

/** A stolen access token is valid until it expires or its session ends, so the lifetime is short. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;
const ISSUER = 'blacktide';
const AUDIENCE = 'blacktide-api';

const claimsSchema = z.object({ sub: z.string().startsWith('usr_'), sid: z.string().startsWith('ses_') });

/** The access cookie: a JWT that names a session. Rights are read from the database on every call. */
export async function signAccessToken(ctx: CoreContext, userId: string, sessionId: string): Promise<string> {
  const now = Math.floor(ctx.clock.now().getTime() / 1000);
  return new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(now)
    .setExpirationTime(now + ACCESS_TOKEN_SECONDS)
    .sign(ctx.sessionKey);
}

/** The session an access token names; null when the token is forged, foreign or expired. */
export async function readAccessToken(ctx: CoreContext, token: string): Promise<string | null> {
  try {
    const { payload } = await jwtVerify(token, ctx.sessionKey, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      currentDate: ctx.clock.now(),
    });
    return claimsSchema.parse(payload).sid;
  } catch {
    return null;
  }
}
