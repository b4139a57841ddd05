import { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { List } from '#domain/api/common.ts';
import type { Round, roundListQuerySchema } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import { pageOf, readCursor } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { findMonitor } from './stored.ts';

type Query = z.output<typeof roundListQuerySchema>;

interface RoundRow extends Pick<Round, 'status' | 'failing' | 'excluded'> {
  scheduledAt: Date;
  cause: string | null;
  judgedAt: Date;
}

/** Verdicts as they were judged, newest slot first. */
export async function listRounds(ctx: RequestContext, id: string, query: Query): Promise<List<Round>> {
  authorize(ctx, 'read');
  await findMonitor(ctx.db, ctx, id);
  const rows = await newestRounds(ctx, id, query);
  return pageOf(rows, query.limit, (row) => [row.scheduledAt.toISOString()], presentRound);
}

/** The primary key backwards; rounds that are not up have an index, which is taken when its condition is said in so many words. */
function newestRounds({ sql }: RequestContext, id: string, query: Query): Promise<RoundRow[]> {
  const { from, to, status } = query;
  const before = readBefore(query.cursor);
  return sql<RoundRow[]>`
    select scheduled_at as "scheduledAt", status, failing, excluded, cause, judged_at as "judgedAt" from rounds
    where monitor_id = ${id}
      ${from === undefined ? sql`` : sql`and scheduled_at >= ${from}::timestamptz`}
      ${to === undefined ? sql`` : sql`and scheduled_at <= ${to}::timestamptz`}
      ${status === undefined ? sql`` : sql`and status = ${status}`}
      ${status === undefined || status === 'up' ? sql`` : sql`and status <> 'up'`}
      ${before === null ? sql`` : sql`and scheduled_at < ${before}::timestamptz`}
    order by scheduled_at desc limit ${query.limit + 1}`;
}

function readBefore(cursor: string | undefined): string | null {
  const [at] = readCursor(cursor, 1) ?? [];
  if (at === undefined) return null;
  if (z.iso.datetime().safeParse(at).success) return at;
  throw new ProblemError('malformed_request', 'The cursor is not one that this list has given.');
}

function presentRound({ scheduledAt, judgedAt, cause, ...round }: RoundRow): Round {
  return {
    ...round,
    scheduledAt: scheduledAt.toISOString(),
    judgedAt: judgedAt.toISOString(),
    ...(cause === null ? {} : { cause }),
  };
}
