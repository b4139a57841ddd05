import type { z } from 'zod';
import type { List } from '#domain/api/common.ts';
import type { Round, roundListQuerySchema } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import { pageOf, readCursor, SLOT_PATTERN } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { requireTimes } from './require-times.ts';
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
  await findMonitor(ctx, id);
  requireTimes(query);
  const rows = await newestRounds(ctx, id, query);
  return pageOf(rows, query.limit, (row) => [row.scheduledAt.toISOString()], presentRound);
}

/**
 * Rounds by the primary key backwards. Rounds that are not up have a partial index, which the planner only uses when
 * the statement contains its condition literally.
 */
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
  return readCursor(cursor, [SLOT_PATTERN])?.[0] ?? null;
}

function presentRound({ scheduledAt, judgedAt, cause, ...round }: RoundRow): Round {
  return {
    ...round,
    scheduledAt: scheduledAt.toISOString(),
    judgedAt: judgedAt.toISOString(),
    ...(cause === null ? {} : { cause }),
  };
}
