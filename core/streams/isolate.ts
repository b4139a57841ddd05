import { setTimeout as delay } from 'node:timers/promises';
import { parkMessages } from '#db/sql/park-messages.ts';
import { storable } from '#domain/base/short-text.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { kindOf } from './consumer-kinds.ts';
import { databaseAnswers, isPermanent, mayPass, reasonOf } from './failure.ts';

/** Attempts for a message that fails alone for an unknown reason, before it is parked. */
const ATTEMPTS_ALONE = 4;
/** Pause between those attempts. A transient cause, such as a race with a deletion, is over after it. */
const PAUSE_MS = 500;
/** Most pauses for all messages of a batch together: the edge waits ten seconds for its answer. */
const PAUSES_MAX = 3;

/**
 * Prevents that a message that can never be handled blocks the stream, in both adapters. A batch that fails while the
 * database answers is split in halves, in order, until the failing message is alone. A message that fails alone again
 * is parked, and the messages behind it are handled. Halving is needed because the edge waits for the answer, and
 * hundreds of single messages could take longer than its timeout. A transient failure is thrown, and the stream or the
 * edge delivers the batch again. The number of deliveries is no evidence against a message: an outage with restarts of
 * the core redelivers it any number of times.
 */
export function isolating(
  ctx: Pick<CoreContext, 'sql' | 'db' | 'logger' | 'metrics'>,
  consumer: StreamConsumer,
  { pauseMs } = { pauseMs: PAUSE_MS },
): StreamConsumer {
  async function handle(messages: readonly unknown[], pauses: Iterator<void>): Promise<void> {
    try {
      await consumer.handle(messages);
    } catch (error) {
      await rethrowUnlessAtFault(error);
      if (messages.length === 1) return handleAlone(messages[0], error, pauses);
      const middle = Math.ceil(messages.length / 2);
      await handle(messages.slice(0, middle), pauses);
      await handle(messages.slice(middle), pauses);
    }
  }

  /**
   * Handles a message alone, at least once more: an object that it names may have been deleted during the first
   * attempt.
   */
  async function handleAlone(message: unknown, failure: unknown, pauses: Iterator<void>): Promise<void> {
    let last = failure;
    for (let attempt = 2; attempt <= (isPermanent(last) ? 2 : ATTEMPTS_ALONE); attempt++) {
      if (!isPermanent(last) && !pauses.next().done) await delay(pauseMs);
      try {
        return await consumer.handle([message]);
      } catch (error) {
        await rethrowUnlessAtFault(error);
        last = error;
      }
    }
    await park(message, last);
  }

  async function rethrowUnlessAtFault(error: unknown): Promise<void> {
    if (mayPass(error) || !(await databaseAnswers(ctx))) throw error;
  }

  async function park(message: unknown, error: unknown): Promise<void> {
    const reason = storable(reasonOf(error));
    const payload = JSON.stringify(message);
    await parkMessages(ctx.db, [{ subject: kindOf(message), consumer: consumer.name, reason, payload }]);
    ctx.metrics.increment('parked_messages_total', { consumer: consumer.name });
    ctx.logger.error({ err: error, consumer: consumer.name }, 'a message cannot be handled and was parked');
  }

  return { ...consumer, handle: (messages) => handle(messages, Array<void>(PAUSES_MAX).values()) };
}
