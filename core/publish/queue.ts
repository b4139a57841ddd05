import type { Sql } from 'postgres';

/** Longer than the longest call of the edge client (10 s), so that a lease only expires when its holder has died. */
const LEASE_SECONDS = 30;

export interface QueuedRequest {
  readonly kind: 'assignment' | 'page' | 'page_removed';
  readonly key: string;
  readonly attempts: number;
  /** The count of requests when claimed. A higher count afterwards means that another request was made meanwhile. */
  readonly requests: number;
}

/**
 * Leases due requests. SKIP LOCKED lets several processes share the queue. A page waits until the removal of its slug
 * has been sent; otherwise the edge would compare its version with that of the earlier page.
 */
export async function claimRequests(sql: Sql, limit: number): Promise<QueuedRequest[]> {
  return sql<QueuedRequest[]>`
    UPDATE publish_queue q SET leased_until = now() + ${LEASE_SECONDS} * interval '1 second'
    FROM (
      SELECT kind, key FROM publish_queue candidate
      WHERE next_attempt_at <= now() AND (leased_until IS NULL OR leased_until < now())
        AND NOT (kind = 'page' AND EXISTS (
          SELECT 1 FROM publish_queue r WHERE r.kind = 'page_removed' AND r.key = candidate.key))
      ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ) due
    WHERE q.kind = due.kind AND q.key = due.key
    RETURNING q.kind, q.key, q.attempts, q.requests`;
}

/** Deletes a completed request, unless another one was made while it was being sent. */
export async function settleRequest(sql: Sql, request: QueuedRequest): Promise<void> {
  const { kind, key, requests } = request;
  await sql.begin(async (tx) => {
    const done = await tx`DELETE FROM publish_queue WHERE kind = ${kind} AND key = ${key} AND requests = ${requests}`;
    if (done.count === 1) return;
    await tx`UPDATE publish_queue SET leased_until = NULL, attempts = 0 WHERE kind = ${kind} AND key = ${key}`;
  });
}

/** Schedules a failed request again after `delayMs`. */
export async function postponeRequest(sql: Sql, request: QueuedRequest, delayMs: number, error: string): Promise<void> {
  const { kind, key } = request;
  await sql`
    UPDATE publish_queue
    SET leased_until = NULL, attempts = attempts + 1, last_error = ${error},
        next_attempt_at = now() + ${delayMs} * interval '1 millisecond'
    WHERE kind = ${kind} AND key = ${key}`;
}
