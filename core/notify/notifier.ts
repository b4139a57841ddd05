import type { CoreContext } from '../context.ts';
import { startLoop } from '../platform/loop.ts';
import { deliver } from './deliver.ts';
import { NOTIFY_CHANNEL } from './enqueue.ts';
import { leaseNotifications } from './outbox.ts';

/** Attempts side by side in one process: slow endpoints wait for each other only beyond this. */
const PARALLEL = 16;
/** Notifications of PostgreSQL wake the loop; this finds what is due for another attempt. */
const POLL_MS = 1_000;

/** Empties the outbox. Safe in any number of processes; ends when the attempts on their way have ended. */
export async function startNotifier(ctx: CoreContext): Promise<{ close(): Promise<void> }> {
  const running = new Set<Promise<void>>();

  function start(notification: Parameters<typeof deliver>[1]): void {
    const attempt = deliver(ctx, notification)
      .catch((error: unknown) => {
        // Its lease runs out and it is tried again.
        ctx.logger.error({ err: error, notificationId: notification.id }, 'a delivery failed in the core itself');
      })
      .finally(() => {
        running.delete(attempt);
        loop.wake();
      });
    running.add(attempt);
  }

  const loop = startLoop({
    name: 'notify',
    pollMs: POLL_MS,
    logger: ctx.logger,
    work: async () => {
      const room = PARALLEL - running.size;
      if (room === 0) return 'idle';
      for (const notification of await leaseNotifications(ctx.sql, room)) start(notification);
      return 'idle';
    },
  });
  const listening = await ctx.sql.listen(NOTIFY_CHANNEL, loop.wake);
  return {
    async close() {
      await listening.unlisten();
      await loop.close();
      await Promise.all(running);
    },
  };
}
