import { and, eq, isNull } from 'drizzle-orm';
import { sessions } from '#db/schema.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';

/** Ends the caller's session at once, on every tab of that browser. Nothing to authorise: it is their own. */
export async function logout(ctx: RequestContext): Promise<void> {
  const { credential } = ctx.caller;
  if (credential.type !== 'session') return;
  await inTransaction(ctx, async (tx) => {
    await tx
      .update(sessions)
      .set({ revokedAt: ctx.clock.now() })
      .where(and(eq(sessions.id, credential.id), isNull(sessions.revokedAt)));
    await recordAudit(tx, ctx, { action: 'account.logout', targetType: 'session', targetId: credential.id });
  });
}
