import { createHash } from 'node:crypto';
import { and, desc, eq, inArray, lt } from 'drizzle-orm';
import type { CoreContext } from '#core/context.ts';
import { sessions } from '#db/schema.ts';
import type { Account } from '#domain/api/account.ts';
import { ROLE_SCOPES } from '../authorize.ts';
import { newId } from '../new-id.ts';
import type { RequestUnit } from '../request-context.ts';
import type { ClientUnit } from './client.ts';

/**
 * Longest lifetime of a session, whatever is refreshed: a copied cookie is of no use for longer (ASVS 4.0.3, 3.3.2), and
 * a person names the password once a month.
 */
export const SESSION_SECONDS = 30 * 24 * 60 * 60;
/** Lifetime of a session that is not used: longer than a weekend away, and a forgotten browser is signed out soon. */
const IDLE_SECONDS = 7 * 24 * 60 * 60;
/** Sessions of a user. More are made by programs, which should use an API key; the oldest one ends. */
const SESSIONS_MAX = 100;
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

/** When a session that is used now ends if it is not used again. */
export function sessionExpiry(ctx: Pick<CoreContext, 'clock'>, createdAt: Date): Date {
  const idleMs = ctx.clock.now().getTime() + IDLE_SECONDS * 1000;
  return new Date(Math.min(idleMs, createdAt.getTime() + SESSION_SECONDS * 1000));
}

/** Stores a new session and deletes the user's expired ones, and those beyond SESSIONS_MAX. */
export async function startSession(ctx: ClientUnit, account: Account): Promise<SignIn> {
  const now = ctx.clock.now();
  await ctx.db.delete(sessions).where(and(eq(sessions.userId, account.user.id), lt(sessions.expiresAt, now)));
  const surplus = ctx.db
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, account.user.id))
    .orderBy(desc(sessions.id))
    .offset(SESSIONS_MAX - 1);
  await ctx.db.delete(sessions).where(inArray(sessions.id, surplus));
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
    expiresAt: sessionExpiry(ctx, now),
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
