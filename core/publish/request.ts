import { sql } from 'drizzle-orm';
import { array } from '#db/sql/executor.ts';
import type { Transaction } from '../context.ts';

/** LISTEN channel of the publish loop. */
export const PUBLISH_CHANNEL = 'blacktide_publish';

/**
 * Requests to send something to the edge, in the transaction that changes it. The version counts the change, the queue
 * row stores the request, and the notification wakes the loop on commit.
 */

/**
 * The shard's assignment has changed: a monitor, a rule or a page that shows one. The shard's row is locked until the
 * commit, and with it every other change of its monitors waits: this comes last in its transaction.
 */
export async function requestAssignment(tx: Transaction, shardId: string): Promise<void> {
  await Promise.all([
    tx.execute(sql`UPDATE shards SET version = version + 1 WHERE id = ${shardId}`),
    enqueue(tx, sql`VALUES ('assignment', ${shardId})`),
  ]);
}

/** The content of the page has changed. */
export async function requestPage(tx: Transaction, pageId: string): Promise<void> {
  await enqueuePages(tx, sql`id = ${pageId}`);
}

/** No page has this slug any more, because it was deleted or renamed. */
export async function requestPageRemoval(tx: Transaction, slug: string): Promise<void> {
  await enqueue(tx, sql`VALUES ('page_removed', ${slug})`);
}

/** The content of the pages has changed; ids of deleted pages are skipped. */
export async function requestPages(tx: Transaction, pageIds: readonly string[]): Promise<void> {
  await enqueuePages(tx, sql`id = ANY(${array(pageIds, 'text')})`);
}

/** Content of pages that show the monitor has changed: its status, or an incident. */
export async function requestPagesOfMonitor(tx: Transaction, monitorId: string): Promise<void> {
  await requestPagesOfMonitors(tx, [monitorId]);
}

export async function requestPagesOfMonitors(tx: Transaction, monitorIds: readonly string[]): Promise<void> {
  await enqueuePages(
    tx,
    sql`id IN (SELECT page_id FROM page_components WHERE monitor_id = ANY(${array(monitorIds, 'text')}))`,
  );
}

/** Requests the pages whose last snapshot is older than `before`. */
export async function requestStalePages(tx: Transaction, before: Date): Promise<void> {
  await enqueuePages(tx, sql`coalesce(published_at, created_at) < ${before.toISOString()}::timestamptz`);
}

/** Pages are locked in the order of their ids, so that two transactions with several pages cannot deadlock. */
async function enqueuePages(tx: Transaction, which: ReturnType<typeof sql>): Promise<void> {
  const pages = sql`SELECT id FROM status_pages WHERE ${which} ORDER BY id FOR NO KEY UPDATE`;
  const bumped = await tx.execute(
    sql`UPDATE status_pages SET version = version + 1 WHERE id IN (${pages}) RETURNING slug`,
  );
  for (const { slug } of bumped) await enqueue(tx, sql`VALUES ('page', ${slug})`);
}

/** Counts a request that is made while an earlier one is being sent, so that it is not deleted with that one. */
async function enqueue(tx: Transaction, row: ReturnType<typeof sql>): Promise<void> {
  await Promise.all([
    tx.execute(sql`
      INSERT INTO publish_queue AS queued (kind, key) ${row}
      ON CONFLICT (kind, key) DO UPDATE
      SET requests = queued.requests + 1, attempts = 0, next_attempt_at = least(queued.next_attempt_at, now())`),
    tx.execute(sql`SELECT pg_notify(${PUBLISH_CHANNEL}, '')`),
  ]);
}
