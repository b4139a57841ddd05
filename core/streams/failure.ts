import { z } from 'zod';
import type { CoreContext } from '../context.ts';

/**
 * SQLSTATE classes that are caused by a message's content: 22 (data exception), 23 (integrity constraint violation) and
 * 54 (program limit exceeded).
 */
const MESSAGE_AT_FAULT = /^(?:22|23|54)[0-9A-Z]{3}$/;
/**
 * SQLSTATE classes that are caused by the database: connections (08), read-only (25), sign-in (28), locks (40, 55), a
 * table or column of a pending migration (42), resources (53), the operator (57), the machine (58), and others. The
 * cause of P0, an error raised by a function, is not known.
 */
const DATABASE_AT_FAULT = /^(?!22|23|54|P0)[0-9A-Z]{5}$/;
/** The driver's codes for a missing or refused connection, and the system's codes for a lack of resources (ENOSPC). */
const CONNECTION = /^(?:CONNECT|SASL_|E(?!RR_)[A-Z])/;

/** Errors of the core's own code for a value that it cannot process. */
const OWN = [TypeError, RangeError, SyntaxError, z.ZodError];

/** True when a retry may succeed, because the cause is not the message. */
export function mayPass(error: unknown): boolean {
  const code = codeOf(error);
  return DATABASE_AT_FAULT.test(code) || CONNECTION.test(code);
}

/**
 * True when the same message always fails: the database refuses its content, or the core's own code cannot process it.
 */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const cause = causeOf(error);
  return MESSAGE_AT_FAULT.test(codeOf(cause)) || OWN.some((kind) => cause instanceof kind);
}

/** The reason of the failure in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? causeOf(error).message : String(error);
}

/** Whether the database answers. Without it no failure can be attributed to a message. */
export async function databaseAnswers({ sql }: Pick<CoreContext, 'sql'>): Promise<boolean> {
  try {
    await sql`SELECT 1`;
    return true;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = causeOf(error);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

/** drizzle wraps the driver's error. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? causeOf(error.cause) : error;
}
