import type { z } from 'zod';
import type { List } from '#domain/api/common.ts';
import type { resultListQuerySchema } from '#domain/api/monitor.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { type CheckResult, checkResultSchema } from '#domain/check/result.ts';
import { authorize } from '../authorize.ts';
import { pageOf, readCursor, SLOT_PATTERN } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { requireTimes } from './require-times.ts';
import { findMonitor } from './stored.ts';

type Query = z.output<typeof resultListQuerySchema>;

/** A row of check_results, with the column names of this file's statement. */
interface ResultRow {
  id: string;
  monitorId: string;
  location: string;
  colo: string | null;
  scheduledAt: Date;
  startedAt: Date;
  outcome: string;
  reason: string | null;
  detail: string | null;
  responseTimeMs: number | null;
  statusCode: number | null;
  attempts: number;
  manual: boolean;
  traceId: string;
  /** phases, tls, bodyBytes. */
  facts: object | null;
}

/** Newest slot first. */
export async function listResults(ctx: RequestContext, id: string, query: Query): Promise<List<CheckResult>> {
  authorize(ctx, 'read');
  await findMonitor(ctx, id);
  requireTimes(query);
  const rows = await newestResults(ctx, id, query);
  const keyOf = (row: ResultRow) => [row.scheduledAt.toISOString(), row.location, String(row.manual)];
  return pageOf(rows, query.limit, keyOf, (row) => presentResult(ctx, row));
}

/**
 * The newest rows of each location, merged. Each branch reads the primary key (monitor, location, slot, manual)
 * backwards and stops at the limit, so a long history does not slow it down. Failures have a partial index, which the
 * planner only uses when the statement contains the index's condition literally.
 */
function newestResults(ctx: RequestContext, id: string, query: Query): Promise<ResultRow[]> {
  const { sql } = ctx;
  const locations = query.location === undefined ? [...LOCATION_IDS] : [query.location];
  const after = readAfter(query.cursor);
  const limit = query.limit + 1;
  return sql<ResultRow[]>`
    select newest.* from unnest(${locations}::text[]) as place (location)
    cross join lateral (
      select id, monitor_id as "monitorId", r.location, colo, scheduled_at as "scheduledAt", started_at as "startedAt",
        outcome, reason, detail, response_time_ms as "responseTimeMs", status_code as "statusCode", attempts, manual,
        trace_id as "traceId", facts
      from check_results r
      where monitor_id = ${id} and r.location = place.location
        ${query.from === undefined ? sql`` : sql`and scheduled_at >= ${query.from}::timestamptz`}
        ${query.to === undefined ? sql`` : sql`and scheduled_at <= ${query.to}::timestamptz`}
        ${query.outcome === undefined ? sql`` : sql`and outcome = ${query.outcome}`}
        ${query.outcome === undefined || query.outcome === 'success' ? sql`` : sql`and outcome <> 'success'`}
        ${
          after === null
            ? sql``
            : sql`and scheduled_at <= ${after.at}::timestamptz
          and (scheduled_at, r.location, manual) < (${after.at}::timestamptz, ${after.location}, ${after.manual})`
        }
      order by scheduled_at desc, manual desc
      limit ${limit}
    ) newest
    order by "scheduledAt" desc, location desc, manual desc
    limit ${limit}`;
}

function readAfter(cursor: string | undefined): { at: string; location: string; manual: boolean } | null {
  const key = readCursor(cursor, [SLOT_PATTERN, /^[a-z-]+$/, /^(?:true|false)$/]);
  if (key === null) return null;
  const [at = '', location = '', manual] = key;
  return { at, location, manual: manual === 'true' };
}

/** Columns without a value are absent from the answer, except the two for which null has a meaning. */
function presentResult(ctx: RequestContext, row: ResultRow): CheckResult {
  const { facts, colo, responseTimeMs, ...columns } = row;
  const present = Object.entries({ ...columns, ...facts }).filter(([, value]) => value !== null);
  const result = {
    ...Object.fromEntries(present),
    colo,
    responseTimeMs,
    scheduledAt: row.scheduledAt.toISOString(),
    startedAt: row.startedAt.toISOString(),
  };
  const parsed = checkResultSchema.safeParse(result);
  if (parsed.success) return parsed.data;
  // A row that an older schema accepted is logged and shown: one row must not break the list.
  ctx.logger.error({ err: parsed.error, result: row.id }, 'a stored result is not what the schema says');
  return result as unknown as CheckResult;
}
