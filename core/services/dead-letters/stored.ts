import { eq, sql } from 'drizzle-orm';
import type { Database, Transaction } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { parkedMessages } from '#db/schema.ts';
import type { DeadLetter } from '#domain/api/dead-letter.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { shownBody } from './shown-body.ts';

/** Largest body in an answer. A result has half a KiB; much larger messages are read with the database's own tools. */
const SHOWN_BYTES_MAX = 16 * 1024;
/** Prefix of ids in answers. The table has numbers, which are written with the shape and order of other ids. */
const PREFIX = 'dlt_';
const DIGITS = 26;

const bytes = sql<number>`octet_length(${parkedMessages.payload})`;
/** Columns of an answer; the payload only if it is small enough to be shown. */
const columns = {
  id: parkedMessages.id,
  at: parkedMessages.at,
  subject: parkedMessages.subject,
  consumer: parkedMessages.consumer,
  reason: parkedMessages.reason,
  replayedAt: parkedMessages.replayedAt,
  bytes,
  payload: sql<string | null>`case when ${bytes} <= ${SHOWN_BYTES_MAX} then ${parkedMessages.payload} end`,
};

/** Requires the installation's owner, because messages do not belong to an organisation. */
export function authorizeOwner(ctx: RequestContext): void {
  authorize(ctx, 'admin');
  if (!ctx.caller.installationOwner) {
    throw new ProblemError('forbidden', 'Only the owner of the installation sees dead letters.');
  }
}

/** The number of an id; throws not_found for an invalid id, and for every caller except the owner. */
export function numberOf(ctx: RequestContext, id: string): number {
  authorize(ctx, 'admin');
  const number = readNumber(id);
  if (number === null || !ctx.caller.installationOwner) throw new ProblemError('not_found');
  return number;
}

export function readNumber(id: string): number | null {
  const number = new RegExp(`^${PREFIX}\\d{${DIGITS}}$`).test(id) ? Number(id.slice(PREFIX.length)) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

export function idOf(number: number): string {
  return `${PREFIX}${String(number).padStart(DIGITS, '0')}`;
}

export function selectDeadLetters(db: Database | Transaction) {
  return db.select(columns).from(parkedMessages);
}

/** A message in the form of answers; throws not_found. */
export async function readDeadLetter(db: Database | Transaction, number: number): Promise<DeadLetter> {
  const [row] = await selectDeadLetters(db).where(eq(parkedMessages.id, number));
  if (row === undefined) throw new ProblemError('not_found');
  return presentDeadLetter(row);
}

export function presentDeadLetter(row: Awaited<ReturnType<typeof selectDeadLetters>>[number]): DeadLetter {
  return {
    id: idOf(row.id),
    at: row.at.toISOString(),
    subject: row.subject,
    consumer: row.consumer,
    reason: row.reason,
    replayedAt: row.replayedAt?.toISOString() ?? null,
    bodyBytes: row.bytes,
    body: row.payload === null ? null : shownBody(row.payload),
  };
}
