import type { CoreContext } from '../context.ts';
import { startLoop } from '../platform/loop.ts';
import { deliver } from './deliver.ts';
import { NOTIFY_CHANNEL } from './enqueue.ts';
import { leaseNotifications } from './outbox.ts';

/** Most parallel attempts of one process, so that a slow endpoint does not delay the others. */
const PARALLEL = 16;
/** LISTEN wakes the loop for new notifications; polling finds those due for another attempt. */
const POLL_MS = 1_000;

/** Sends the notifications of the outbox. Safe in any number of processes; ends after the running attempts. */
export async function startNotifier(ctx: CoreContext): Promise<{ close(): Promise<void> }> {
  const running = new Set<Promise<void>>();

  function start(notification: Parameters<typeof deliver>[1]): void {
    const attempt = deliver(ctx, notification)
      .catch((error: unknown) => {
        // The lease expires and the notification is tried again.
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
