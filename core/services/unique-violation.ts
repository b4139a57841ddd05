import { z } from 'zod';

/** PostgreSQL's unique_violation, wrapped by drizzle. */
const schema = z.object({ cause: z.object({ code: z.literal('23505'), constraint_name: z.string() }) });

/** Whether a statement failed because a row with the same unique value exists. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const parsed = schema.safeParse(error);
  return parsed.success && parsed.data.cause.constraint_name === constraint;
}
