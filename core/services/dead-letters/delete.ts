import { eq } from 'drizzle-orm';
import { parkedMessages } from '#db/schema.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { numberOf, readDeadLetter } from './stored.ts';

/** For good; the audit log keeps what it was about. */
export async function deleteDeadLetter(ctx: RequestContext, id: string): Promise<void> {
  const number = numberOf(ctx, id);
  await inTransaction(ctx, async (tx) => {
    const { body: _, ...before } = await readDeadLetter(tx, number);
    await tx.delete(parkedMessages).where(eq(parkedMessages.id, number));
    await recordAudit(tx, ctx, { action: 'dead_letter.delete', targetType: 'dead_letter', targetId: id, before });
  });
}
