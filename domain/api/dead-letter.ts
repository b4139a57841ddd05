import { z } from 'zod';
import { timestamp } from './common.ts';

/** GET /dead-letters: messages of the edge that the core could not use, newest first. */
export const deadLetterSchema = z.object({
  id: z.string(),
  /** When the message was parked, or parked again after a replay. */
  at: timestamp,
  /** The kind that the message declares, for instance `check.completed`. */
  subject: z.string(),
  /** The consumer that could not use the message. */
  consumer: z.string(),
  reason: z.string(),
  /** Time of the last replay; null since the message was (again) parked. */
  replayedAt: timestamp.nullable(),
  bodyBytes: z.int(),
  /** The message as it was received, with secrets hidden; null when it is too large to be shown. */
  body: z.json(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;
