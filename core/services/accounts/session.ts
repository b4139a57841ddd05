import { createHash } from 'node:crypto';
import { and, eq, lt } from 'drizzle-orm';
import type { CoreContext } from '#core/context.ts';
import { sessions } from '#db/schema.ts';
import type { Account } from '#domain/api/account.ts';
import { ROLE_SCOPES } from '../authorize.ts';
import { newId } from '../new-id.ts';
import type { RequestUnit } from '../request-context.ts';
import type { ClientUnit } from './client.ts';

/** Lifetime of a session since its last refresh. */
export const SESSION_SECONDS = 30 * 24 * 60 * 60;
const REFRESH_SECRET_BYTES = 32;
const USER_AGENT_LENGTH_MAX = 300;

/** A signed-in browser, from which the API sets cookies. */
export interface SignIn {
  readonly account: Account;
  readonly sessionId: string;
  /** null leaves the browser's refresh cookie unchanged. */
  readonly refreshToken: string | null;
}

/** `ses_… . secret`: the id identifies the session, the secret authenticates it. */
export function newRefreshToken(ctx: Pick<CoreContext, 'clock'>, sessionId: string): string {
  return `${sessionId}.${Buffer.from(ctx.clock.random(REFRESH_SECRET_BYTES)).toString('base64url')}`;
}

/** SHA-256 is enough for 256 random bits. */
export function refreshHash(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('base64url');
}

export function sessionExpiry(ctx: Pick<CoreContext, 'clock'>): Date {
  return new Date(ctx.clock.now().getTime() + SESSION_SECONDS * 1000);
}

/** Stores a new session and deletes the user's expired ones. */
export async function startSession(ctx: ClientUnit, account: Account): Promise<SignIn> {
  const now = ctx.clock.now();
  await ctx.db.delete(sessions).where(and(eq(sessions.userId, account.user.id), lt(sessions.expiresAt, now)));
  const sessionId = newId(ctx, 'ses');
  const refreshToken = newRefreshToken(ctx, sessionId);
  await ctx.db.insert(sessions).values({
    id: sessionId,
    userId: account.user.id,
    organizationId: account.organization.id,
    refreshHash: refreshHash(refreshToken),
    userAgent: ctx.userAgent.slice(0, USER_AGENT_LENGTH_MAX),
    ip: ctx.ip,
    createdAt: now,
    expiresAt: sessionExpiry(ctx),
  });
  return { account, sessionId, refreshToken };
}

/** The context of the user who has just signed in, for the audit row of the sign-in. */
export function signedInContext(ctx: ClientUnit, { account, sessionId }: SignIn): RequestUnit {
  return {
    ...ctx,
    caller: {
      organizationId: account.organization.id,
      actor: { type: 'user', id: account.user.id, name: account.user.name },
      scopes: new Set(ROLE_SCOPES[account.organization.role]),
      installationOwner: account.installationOwner,
      credential: { type: 'session', id: sessionId },
    },
  };
}
