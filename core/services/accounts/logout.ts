import { and, eq, isNull } from 'drizzle-orm';
import { inUnit } from '#core/unit-of-work.ts';
import { sessions } from '#db/schema.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';

/** Ends the caller's own session in every tab of the browser. No scope is required. */
export async function logout(ctx: RequestContext): Promise<void> {
  const { credential } = ctx.caller;
  if (credential.type !== 'session') return;
  await inUnit(ctx, async (ctx) => {
    await ctx.db
      .update(sessions)
      .set({ revokedAt: ctx.clock.now() })
      .where(and(eq(sessions.id, credential.id), isNull(sessions.revokedAt)));
    await recordAudit(ctx, { action: 'account.logout', targetType: 'session', targetId: credential.id });
  });
}
