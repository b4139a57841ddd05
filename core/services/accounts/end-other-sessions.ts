import { and, eq, gt, isNull, ne } from 'drizzle-orm';
import { inUnit } from '#core/unit-of-work.ts';
import { sessions } from '#db/schema.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext, RequestUnit } from '../request-context.ts';
import { requireUser } from './require-user.ts';

/** Ends every session of the user but the one that asks. No scope is required. */
export async function endOtherSessions(ctx: RequestContext): Promise<void> {
  await inUnit(ctx, async (ctx) => {
    const ended = await endOthers(ctx);
    await recordAudit(ctx, { action: 'session.end_others', targetType: 'session', targetId: null, after: { ended } });
  });
}

/** Answers how many there were. */
export async function endOthers(ctx: RequestUnit): Promise<number> {
  const { userId, sessionId } = requireUser(ctx);
  const now = ctx.clock.now();
  const ended = await ctx.db
    .update(sessions)
    .set({ revokedAt: now })
    .where(
      and(
        eq(sessions.userId, userId),
        ne(sessions.id, sessionId),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, now),
      ),
    )
    .returning({ id: sessions.id });
  return ended.length;
}
