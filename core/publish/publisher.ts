import type { CoreContext } from '../context.ts';
import { type Loop, startLoop } from '../platform/loop.ts';
import { inUnit } from '../unit-of-work.ts';
import { buildAssignment } from './assignments.ts';
import { claimRequests, postponeRequest, type QueuedRequest, settleRequest } from './queue.ts';
import { PUBLISH_CHANNEL, requestStalePages } from './request.ts';
import { buildSnapshot } from './snapshots.ts';

/** Most requests sent in parallel: the edge handles each in an object of its own. */
const PARALLEL = 8;
/** LISTEN wakes the loop; polling finds requests due for another attempt, and those whose notification was lost. */
const POLL_MS = 1_000;
/** Largest age of a page's bars and uptime figures. */
const PAGE_AGE_MAX_MS = 5 * 60_000;
/** Interval of the search for pages with old figures. */
const STALE_CHECK_MS = 30_000;
/** Back-off of an unreachable edge: 0.5, 1, 2, … s, at most 30 s, so that it receives changes soon after it is back. */
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;

export interface Publisher {
  close(): Promise<void>;
}

/** Sends assignments and page snapshots to the edge as requested. Safe in any number of processes. */
export async function startPublisher(ctx: CoreContext): Promise<Publisher> {
  const drain = startLoop({
    name: 'publish',
    pollMs: POLL_MS,
    logger: ctx.logger,
    work: async () => ((await publishDue(ctx)) === PARALLEL ? 'more' : 'idle'),
  });
  const refresh = startLoop({
    name: 'page refresh',
    pollMs: STALE_CHECK_MS,
    logger: ctx.logger,
    work: async () => {
      const before = new Date(ctx.clock.now().getTime() - PAGE_AGE_MAX_MS);
      await inUnit(ctx, (ctx) => requestStalePages(ctx.db, before));
      return 'idle';
    },
  });
  const listening = await ctx.sql.listen(PUBLISH_CHANNEL, drain.wake);
  return { close: () => closeAll(listening.unlisten, [drain, refresh]) };
}

/** Sends some of the due requests in parallel; returns how many requests it took. */
export async function publishDue(ctx: CoreContext): Promise<number> {
  const requests = await claimRequests(ctx.sql, PARALLEL);
  await Promise.all(requests.map((request) => send(ctx, request)));
  return requests.length;
}

async function closeAll(unlisten: () => Promise<void>, loops: readonly Loop[]): Promise<void> {
  await unlisten();
  await Promise.all(loops.map((loop) => loop.close()));
}

async function send(ctx: CoreContext, request: QueuedRequest): Promise<void> {
  try {
    await SENDERS[request.kind](ctx, request.key);
    await settleRequest(ctx.sql, request);
    ctx.metrics.increment('publish_total', { kind: request.kind, outcome: 'sent' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const delay = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** request.attempts);
    await postponeRequest(ctx.sql, request, delay, message);
    ctx.metrics.increment('publish_total', { kind: request.kind, outcome: 'failed' });
    ctx.logger.warn(
      { kind: request.kind, key: request.key, attempt: request.attempts + 1, reason: message },
      'the edge could not be told',
    );
  }
}

const SENDERS = {
  assignment: sendAssignment,
  page: sendPage,
  page_removed: (ctx: CoreContext, slug: string) => ctx.edge.deletePage(slug),
} satisfies Record<QueuedRequest['kind'], (ctx: CoreContext, key: string) => Promise<void>>;

async function sendAssignment(ctx: CoreContext, shardId: string): Promise<void> {
  const assignment = await buildAssignment(ctx, shardId);
  if (assignment === null) return;
  await ctx.edge.putAssignment(shardId, assignment);
  await ctx.sql`
    UPDATE shards SET published_version = greatest(published_version, ${assignment.version}) WHERE id = ${shardId}`;
}

async function sendPage(ctx: CoreContext, slug: string): Promise<void> {
  const snapshot = await buildSnapshot(ctx, slug);
  if (snapshot === null) return;
  await ctx.edge.putPage(slug, snapshot);
  await ctx.sql`
    UPDATE status_pages SET published_version = greatest(published_version, ${snapshot.version}), published_at = now()
    WHERE id = ${snapshot.pageId}`;
}
