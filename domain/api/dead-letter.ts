import { z } from 'zod';
import { timestamp } from './common.ts';

/** GET /dead-letters: messages of the edge that no part of the core could use, newest first. */
export const deadLetterSchema = z.object({
  id: z.string(),
  /** When it was parked, or parked again after a replay. */
  at: timestamp,
  /** What the message says it is, for instance `check.completed`. */
  subject: z.string(),
  /** Who could not use it. */
  consumer: z.string(),
  reason: z.string(),
  /** When it was last sent again; null since it was parked (again). */
  replayedAt: timestamp.nullable(),
  bodyBytes: z.int(),
  /** As it came, with what looks like a secret hidden; null when it is too large to be shown. */
  body: z.json(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;
