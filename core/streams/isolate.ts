import { parkMessages } from '#db/sql/park-messages.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { kindOf } from './consumer-kinds.ts';

/**
 * Keeps one message that can never be handled from blocking the road. When a batch fails for a reason that
 * trying again does not cure, its messages are handled one by one and the guilty one is parked. Every other
 * failure is passed on: the stream, or the edge, brings the batch again.
 */
export function isolating(
  ctx: Pick<CoreContext, 'db' | 'logger' | 'metrics'>,
  consumer: StreamConsumer,
): StreamConsumer {
  async function handleAlone(message: unknown): Promise<void> {
    try {
      await consumer.handle([message]);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      const reason = error instanceof Error ? causeOf(error).message : String(error);
      await parkMessages(ctx.db, [
        { subject: kindOf(message), consumer: consumer.name, reason, payload: JSON.stringify(message) },
      ]);
      ctx.metrics.increment('parked_messages_total', { consumer: consumer.name });
      ctx.logger.error({ err: error, consumer: consumer.name }, 'a message cannot be handled and was parked');
    }
  }

  return {
    ...consumer,
    async handle(messages) {
      try {
        await consumer.handle(messages);
      } catch (error) {
        if (!isPermanent(error)) throw error;
        for (const message of messages) await handleAlone(message);
      }
    },
  };
}

/**
 * SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation) say that the message is at
 * fault, and so does an error of our own code; connections, locks and timeouts get better by waiting.
 */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const cause = causeOf(error);
  if (cause instanceof TypeError || cause instanceof RangeError) return true;
  const code = 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^2[23]\d{3}$/.test(code);
}

/** drizzle wraps what the driver throws. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? causeOf(error.cause) : error;
}
