import { z } from 'zod';

const coded = z.object({ code: z.string() });
const wrapped = z.object({ cause: coded });

/** The code of a database error (SQLSTATE, or the driver's own). drizzle wraps the driver's error as `cause`. */
export function postgresCode(error: unknown): string | null {
  const under = wrapped.safeParse(error);
  if (under.success) return under.data.cause.code;
  const plain = coded.safeParse(error);
  return plain.success ? plain.data.code : null;
}
