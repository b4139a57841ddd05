import { parkMessages } from '#db/sql/park-messages.ts';
import { storable } from '#domain/base/short-text.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { kindOf } from './consumer-kinds.ts';
import { databaseAnswers, isPermanent, mayPass, reasonOf } from './failure.ts';

/**
 * Keeps one message that can never be handled from blocking the road. A batch that fails while the database answers
 * is halved, in its order, until the guilty message is alone; then that one is parked. Halves, because the edge waits
 * for the answer: hundreds of single messages could take longer than it does. Every failure that may pass is handed
 * on: the stream, or the edge, brings the batch again.
 */
export function isolating(
  ctx: Pick<CoreContext, 'sql' | 'db' | 'logger' | 'metrics'>,
  consumer: StreamConsumer,
): StreamConsumer {
  async function handle(messages: readonly unknown[]): Promise<void> {
    try {
      await consumer.handle(messages);
    } catch (error) {
      if (mayPass(error) || !(await databaseAnswers(ctx))) throw error;
      if (messages.length === 1) return handleAgain(messages[0]);
      const middle = Math.ceil(messages.length / 2);
      await handle(messages.slice(0, middle));
      await handle(messages.slice(middle));
    }
  }

  /** Alone, and for the last time: what it names may have been deleted in the moment of the first. */
  async function handleAgain(message: unknown): Promise<void> {
    try {
      await consumer.handle([message]);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      await park(message, error);
    }
  }

  async function park(message: unknown, error: unknown): Promise<void> {
    const reason = storable(reasonOf(error));
    const payload = JSON.stringify(message);
    await parkMessages(ctx.db, [{ subject: kindOf(message), consumer: consumer.name, reason, payload }]);
    ctx.metrics.increment('parked_messages_total', { consumer: consumer.name });
    ctx.logger.error({ err: error, consumer: consumer.name }, 'a message cannot be handled and was parked');
  }

  return { ...consumer, handle };
}
