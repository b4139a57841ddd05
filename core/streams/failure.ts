import { z } from 'zod';
import type { CoreContext } from '../context.ts';

/**
 * SQLSTATE classes of PostgreSQL by whose fault it is: 22 (data exception), 23 (integrity constraint violation) and
 * 54 (limit exceeded) are the message's; connections (08), read-only (25), locks and deadlocks (40, 55), resources
 * (53), the operator (57) and the machine (58) get better by waiting.
 */
const MESSAGE_AT_FAULT = /^(?:22|23|54)[0-9A-Z]{3}$/;
const PASSES = /^(?:08|25|40|53|55|57|58)[0-9A-Z]{3}$/;
/** What the driver and the system call a connection that is not there: CONNECTION_CLOSED, ECONNREFUSED. */
const CONNECTION = /^(?:CONNECT|ECONN|EHOST|ENET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/;

/** Our own code's way to say that a value is not what it can take. */
const OWN = [TypeError, RangeError, SyntaxError, z.ZodError];

/** True when trying again later may help, because it is not about the message. */
export function mayPass(error: unknown): boolean {
  const code = codeOf(error);
  return PASSES.test(code) || CONNECTION.test(code);
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
