import { eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { parkedMessages } from '#db/schema.ts';
import type { DeadLetter } from '#domain/api/dead-letter.ts';
import { uplinkBatchSchema } from '#domain/wire/wire.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { numberOf, readDeadLetter } from './stored.ts';

/**
 * Sends the message down the road of all others once more. It stays in the table: what it names is written once
 * however often it comes, and who cannot use it now either parks it again, which takes `replayedAt` back. The core signs
 * what it sends: who replays a message that was refused for its signature vouches for it.
 */
export async function replayDeadLetter(ctx: RequestContext, id: string): Promise<DeadLetter> {
  const number = numberOf(ctx, id);
  const events = eventsOf(await markReplayed(ctx, id, number));
  try {
    await ctx.streams.publish(events, { again: true });
  } catch (error) {
    await ctx.db.update(parkedMessages).set({ replayedAt: null }).where(eq(parkedMessages.id, number));
    if (error instanceof ProblemError) throw error;
    ctx.logger.error({ err: error, deadLetter: id, traceId: ctx.traceId }, 'a dead letter could not be replayed');
    throw new ProblemError('unavailable', 'The message could not be taken; try again later.');
  }
  return readDeadLetter(ctx.db, number);
}

/** A message of the stream that was refused as a whole is a batch; its events are sent as if they had been parked. */
function eventsOf(message: unknown): readonly unknown[] {
  const batch = uplinkBatchSchema.safeParse(message);
  return batch.success ? batch.data.events : [message];
}

/** Before it is sent: parking it again must find the mark, whoever is faster. */
async function markReplayed(ctx: RequestContext, id: string, number: number): Promise<unknown> {
  return inTransaction(ctx, async (tx) => {
    const [row] = await tx
      .update(parkedMessages)
      .set({ replayedAt: ctx.clock.now() })
      .where(eq(parkedMessages.id, number))
      .returning();
    if (row === undefined) throw new ProblemError('not_found');
    const { subject, consumer, reason, payload } = row;
    const after = { subject, consumer, reason };
    await recordAudit(tx, ctx, { action: 'dead_letter.replay', targetType: 'dead_letter', targetId: id, after });
    return parse(payload);
  });
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    throw new ProblemError('conflict', 'The message is not JSON, so nobody will ever understand it; delete it.');
  }
}
