import { and, eq, gt, isNull } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { sessions } from '#db/schema.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { requireUser } from './require-user.ts';

/** Ends one of the user's own sessions at once. No scope is required. */
export async function endSession(ctx: RequestContext, id: string): Promise<void> {
  const { userId } = requireUser(ctx);
  await inUnit(ctx, async (ctx) => {
    const now = ctx.clock.now();
    const ended = await ctx.db
      .update(sessions)
      .set({ revokedAt: now })
      .where(
        and(eq(sessions.id, id), eq(sessions.userId, userId), isNull(sessions.revokedAt), gt(sessions.expiresAt, now)),
      )
      .returning({ id: sessions.id });
    if (ended.length === 0) throw new ProblemError('not_found');
    await recordAudit(ctx, { action: 'session.end', targetType: 'session', targetId: id });
  });
}
