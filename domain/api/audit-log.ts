import { z } from 'zod';
import { timestamp } from './common.ts';
import { rowProblemSchema } from './row-problem.ts';

/** GET /audit-log: who changed what, newest first. */
export const auditEntrySchema = z.object({
  id: z.string(),
  at: timestamp,
  actor: z.object({ type: z.enum(['system', 'user', 'api_key']), id: z.string().nullable(), name: z.string() }),
  /** `<noun>.<verb>`, for instance `monitor.create`. */
  action: z.string(),
  target: z.object({ type: z.string(), id: z.string().nullable() }),
  /** The object as answers show it, before and after; null where there was none. */
  before: z.json(),
  after: z.json(),
  ip: z.string(),
  traceId: z.string(),
  problem: rowProblemSchema.optional(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
