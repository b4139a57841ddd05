import { markStale, type StatusChange } from '#db/sql/store-statuses.ts';
import type { CoreContext } from '../context.ts';
import { emitStatuses } from '../ingest/tell.ts';
import { type Loop, startLoop } from '../platform/loop.ts';
import { requestPagesOfMonitors } from '../publish/request.ts';
import { inUnit } from '../unit-of-work.ts';

/** A stale monitor is detected within a quarter of the minute that is granted beyond three intervals. */
const POLL_MS = 15_000;

/**
 * Detects stale monitors: a monitor without results becomes `unknown`, not `down`, because no check has failed. Ingest
 * restores the edge's latest status as soon as results arrive again.
 */
export function startFreshnessWatch(ctx: CoreContext): Loop {
  return startLoop({
    name: 'freshness',
    pollMs: POLL_MS,
    logger: ctx.logger,
    work: async () => {
      const changes = await watchFreshness(ctx);
      if (changes.length > 0) {
        ctx.logger.warn({ monitors: changes.length }, 'no results arrive; these monitors are unknown now');
      }
      return 'idle';
    },
  });
}

/** Marks stale monitors once; returns the changed statuses. */
export async function watchFreshness(ctx: CoreContext): Promise<StatusChange[]> {
  const changes = await inUnit(ctx, async (ctx) => {
    const marked = await markStale(ctx.db);
    if (marked.length > 0) {
      await requestPagesOfMonitors(
        ctx.db,
        marked.map((change) => change.monitorId),
      );
    }
    return marked;
  });
  emitStatuses(ctx, changes);
  return changes;
}
