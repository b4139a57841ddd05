import { sql } from 'drizzle-orm';
import { type Column, type Executor, unnest } from './executor.ts';

/** A message that no consumer can use, with the reason in words. */
export interface ParkedMessage {
  readonly subject: string;
  readonly consumer: string;
  readonly reason: string;
  readonly payload: string;
}

const COLUMNS: readonly Column<ParkedMessage>[] = [
  ['subject', 'text', (message) => message.subject],
  ['consumer', 'text', (message) => message.consumer],
  ['reason', 'text', (message) => message.reason],
  ['payload', 'text', (message) => message.payload],
];

/**
 * Stores messages for people to inspect and replay. A redelivered message is stored once; one that was replayed is
 * marked as parked again. Returns how many messages are newly waiting.
 */
export async function parkMessages(db: Executor, messages: readonly ParkedMessage[]): Promise<number> {
  if (messages.length === 0) return 0;
  const fresh = await db.execute(sql`
    INSERT INTO parked_messages (subject, consumer, reason, payload)
    SELECT subject, consumer, reason, payload FROM ${unnest(messages, COLUMNS)}
    ON CONFLICT DO NOTHING RETURNING id`);
  // A separate statement, because INSERT … ON CONFLICT cannot update the same row twice for two equal messages.
  const again = await db.execute(sql`
    UPDATE parked_messages parked SET reason = again.reason, at = now(), replayed_at = NULL
    FROM (SELECT consumer, reason, md5(payload) AS digest FROM ${unnest(messages, COLUMNS)}) again
    WHERE parked.replayed_at IS NOT NULL AND parked.consumer = again.consumer AND md5(parked.payload) = again.digest
    RETURNING parked.id`);
  return fresh.length + again.length;
}
