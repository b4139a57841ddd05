import { eq } from 'drizzle-orm';
import { inUnit } from '#core/unit-of-work.ts';
import { parkedMessages } from '#db/schema.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { numberOf, readDeadLetter } from './stored.ts';

/** Deletes a message permanently; the audit log keeps its description. */
export async function deleteDeadLetter(ctx: RequestContext, id: string): Promise<void> {
  const number = numberOf(ctx, id);
  await inUnit(ctx, async (ctx) => {
    const { body: _, ...before } = await readDeadLetter(ctx.db, number);
    await ctx.db.delete(parkedMessages).where(eq(parkedMessages.id, number));
    await recordAudit(ctx, { action: 'dead_letter.delete', targetType: 'dead_letter', targetId: id, before });
  });
}
