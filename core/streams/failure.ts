import { z } from 'zod';
import type { CoreContext } from '../context.ts';

/**
 * SQLSTATE classes of PostgreSQL that are a message's fault: 22 (data exception), 23 (integrity constraint violation)
 * and 54 (program limit exceeded).
 */
const MESSAGE_AT_FAULT = /^(?:22|23|54)[0-9A-Z]{3}$/;
/**
 * Every other SQLSTATE is about the database: connections (08), read-only (25), sign-in (28), locks (40, 55), a table
 * or column that a migration has yet to bring (42), resources (53), the operator (57), the machine (58). Nobody can say
 * whose fault P0 is: what a function of ours raises.
 */
const DATABASE_AT_FAULT = /^(?!22|23|54|P0)[0-9A-Z]{5}$/;
/** What the driver calls a connection that is not there or not allowed, and the system anything it lacks (ENOSPC). */
const CONNECTION = /^(?:CONNECT|SASL_|E(?!RR_)[A-Z])/;

/** Our own code's way to say that a value is not what it can take. */
const OWN = [TypeError, RangeError, SyntaxError, z.ZodError];

/** True when trying again later may help, because it is not about the message. */
export function mayPass(error: unknown): boolean {
  const code = codeOf(error);
  return DATABASE_AT_FAULT.test(code) || CONNECTION.test(code);
}

/** True when the same message fails for ever: the database refuses what is in it, or our own code cannot take it. */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const cause = causeOf(error);
  return MESSAGE_AT_FAULT.test(codeOf(cause)) || OWN.some((kind) => cause instanceof kind);
}

/** What the message failed for, in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? causeOf(error).message : String(error);
}

/** Whether a failure can be a message's at all. */
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

/** drizzle wraps what the driver throws. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? causeOf(error.cause) : error;
}
