import { eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { parkedMessages } from '#db/schema.ts';
import type { DeadLetter } from '#domain/api/dead-letter.ts';
import { uplinkBatchSchema } from '#domain/wire/wire.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { numberOf, readDeadLetter } from './stored.ts';

/**
 * Publishes a parked message again. The row stays: handling the message twice writes its objects once, and a consumer
 * that cannot use it parks it again, which clears `replayedAt`. The core signs the message, so a replay vouches for a
 * message that was refused for its signature.
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

/**
 * The events of a parked message. A message refused as a whole is a batch; its events are published as if each had been
 * parked.
 */
function eventsOf(message: unknown): readonly unknown[] {
  const batch = uplinkBatchSchema.safeParse(message);
  return batch.success ? batch.data.events : [message];
}

/** Marked before it is published: parking it again must find the mark, even if that happens first. */
async function markReplayed(ctx: RequestContext, id: string, number: number): Promise<unknown> {
  return inUnit(ctx, async (ctx) => {
    const [row] = await ctx.db
      .update(parkedMessages)
      .set({ replayedAt: ctx.clock.now() })
      .where(eq(parkedMessages.id, number))
      .returning();
    if (row === undefined) throw new ProblemError('not_found');
    const { subject, consumer, reason, payload } = row;
    const after = { subject, consumer, reason };
    await recordAudit(ctx, { action: 'dead_letter.replay', targetType: 'dead_letter', targetId: id, after });
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
