import { and, eq, gt, isNull } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { sessions, users } from '#db/schema.ts';
import { recordAudit } from '../record-audit.ts';
import type { ClientContext, ClientUnit } from './client.ts';
import { findAccount } from './find-account.ts';
import {
  newRefreshToken,
  refreshHash,
  SESSION_SECONDS,
  type SignIn,
  sessionExpiry,
  signedInContext,
} from './session.ts';

/**
 * Two tabs may refresh at the same time with the same cookie. For this long the token before the last rotation still
 * renews the access token. It does not rotate again, so both tabs end with the same refresh token.
 */
const PARALLEL_TABS_MS = 10_000;

/** Rotates the refresh token. A token used a second time ends the session, because it may have been copied. */
export async function refresh(ctx: ClientContext, refreshToken: string): Promise<SignIn> {
  // The end of the session must be committed although the call fails, so the error is thrown outside the transaction.
  const signIn = await inUnit(ctx, (ctx) => rotate(ctx, refreshToken));
  if (signIn === null) throw new ProblemError('session_expired');
  return signIn;
}

async function rotate(ctx: ClientUnit, refreshToken: string): Promise<SignIn | null> {
  const now = ctx.clock.now();
  const oldest = new Date(now.getTime() - SESSION_SECONDS * 1000);
  const [sessionId = ''] = refreshToken.split('.');
  const [session] = await ctx.db
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.id, sessionId),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, now),
        // A version before gave sessions no last day.
        gt(sessions.createdAt, oldest),
      ),
    )
    .for('update');
  if (session === undefined) return null;
  const found = await findAccount(ctx.db, eq(users.id, session.userId), session.organizationId);
  if (found === null) return null;

  const hash = refreshHash(refreshToken);
  if (hash === session.refreshHash) {
    const next = newRefreshToken(ctx, sessionId);
    await ctx.db
      .update(sessions)
      .set({
        refreshHash: refreshHash(next),
        previousRefreshHash: hash,
        rotatedAt: now,
        ip: ctx.ip,
        expiresAt: sessionExpiry(ctx, session.createdAt),
      })
      .where(eq(sessions.id, sessionId));
    return { account: found.account, sessionId, refreshToken: next };
  }
  const rotatedMs = session.rotatedAt?.getTime() ?? 0;
  if (hash === session.previousRefreshHash && now.getTime() - rotatedMs <= PARALLEL_TABS_MS) {
    return { account: found.account, sessionId, refreshToken: null };
  }
  await ctx.db.update(sessions).set({ revokedAt: now }).where(eq(sessions.id, sessionId));
  await recordAudit(signedInContext(ctx, { account: found.account, sessionId, refreshToken: null }), {
    action: 'session.revoke_reused',
    targetType: 'session',
    targetId: sessionId,
  });
  return null;
}
