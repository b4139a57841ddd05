import type { CoreContext } from '../context.ts';
import { startLoop } from '../platform/loop.ts';
import { deliver } from './deliver.ts';
import { NOTIFY_CHANNEL } from './enqueue.ts';
import { type LeasedNotification, leaseNotifications } from './outbox.ts';

/** Most parallel attempts of one process. An attempt is a socket and a message: this many are a few megabytes. */
const PARALLEL = 128;
/** Most parallel attempts to failing channels, so that dead receivers always leave room for the others. */
const PARALLEL_FAILING = 96;
/** LISTEN wakes the loop for new notifications; polling finds those due for another attempt. */
const POLL_MS = 1_000;

/** Sends the notifications of the outbox. Safe in any number of processes; ends after the running attempts. */
export async function startNotifier(ctx: CoreContext): Promise<{ close(): Promise<void> }> {
  const running = new Map<Promise<void>, { readonly failing: boolean }>();

  function start(notification: LeasedNotification): void {
    const attempt = deliver(ctx, notification)
      .catch((error: unknown) => {
        // Nothing was recorded, as when the database is away. The lease expires and the notification is tried again.
        ctx.logger.error({ err: error, notificationId: notification.id }, 'an attempt could not be recorded');
      })
      .finally(() => {
        running.delete(attempt);
        loop.wake();
      });
    running.set(attempt, notification);
  }

  const loop = startLoop({
    name: 'notify',
    pollMs: POLL_MS,
    logger: ctx.logger,
    work: async () => {
      const room = PARALLEL - running.size;
      if (room === 0) return 'idle';
      const failing = [...running.values()].filter((notification) => notification.failing).length;
      for (const notification of await leaseNotifications(ctx.sql, room, Math.max(0, PARALLEL_FAILING - failing))) {
        start(notification);
      }
      return 'idle';
    },
  });
  const listening = await ctx.sql.listen(NOTIFY_CHANNEL, loop.wake);
  return {
    async close() {
      await listening.unlisten();
      await loop.close();
      await Promise.all(running.keys());
    },
  };
}
