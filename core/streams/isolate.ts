import { setTimeout as delay } from 'node:timers/promises';
import { parkMessages } from '#db/sql/park-messages.ts';
import { storable } from '#domain/base/short-text.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { kindOf } from './consumer-kinds.ts';
import { databaseAnswers, isPermanent, mayPass, reasonOf } from './failure.ts';

/** A message that fails alone for a reason that cannot be judged is tried this often before it is parked. */
const ATTEMPTS_ALONE = 4;
/** Between those attempts: what goes by by itself, like a race with a deletion, is over by then. */
const PAUSE_MS = 500;
/** Pauses for all messages of a batch together: the edge waits ten seconds for its answer. */
const PAUSES_MAX = 3;

/**
 * Keeps one message that can never be handled from blocking the road, whatever carries it. A batch that fails while the
 * database answers is halved, in its order, until the guilty message is alone; one that fails alone again is parked, and
 * those behind it go on. Halves, because the edge waits for the answer: hundreds of single messages could take longer
 * than it does. Every failure that may pass is handed on: the stream, or the edge, brings the batch again. How often a
 * message was brought is no evidence against it: an outage during which the core is restarted brings it any number of times.
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

  /** At least once more: what the message names may have been deleted in the moment of the first attempt. */
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
