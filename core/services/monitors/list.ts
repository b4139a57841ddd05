import { and, desc, eq, ilike, or, type SQL, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { monitorStatus, monitors } from '#db/schema.ts';
import type { List } from '#domain/api/common.ts';
import type { Monitor, monitorListQuerySchema } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { presentMonitors } from './present.ts';

type Query = z.output<typeof monitorListQuerySchema>;

/** The status in answers, as SQL (present.ts has the same in TypeScript). */
const shownStatus = sql<string>`case when not ${monitors.enabled} then 'paused'
  when ${monitorStatus.status} is null or ${monitorStatus.status} = 'paused' then 'pending'
  else ${monitorStatus.status} end`;

/** Newest first. */
export async function listMonitors(ctx: RequestContext, query: Query): Promise<List<Monitor>> {
  authorize(ctx, 'read');
  const rows = await ctx.db
    .select({ monitor: monitors, status: monitorStatus })
    .from(monitors)
    .leftJoin(monitorStatus, eq(monitorStatus.monitorId, monitors.id))
    .where(and(eq(monitors.organizationId, ctx.caller.organizationId), ...filters(query)))
    .orderBy(desc(monitors.id))
    .limit(query.limit + 1);
  const page = pageOf(
    rows,
    query.limit,
    (row) => [row.monitor.id],
    (row) => row,
  );
  return { data: await presentMonitors(ctx, page.data), nextCursor: page.nextCursor };
}

function filters(query: Query): (SQL | undefined)[] {
  const text = query.q === undefined ? undefined : `%${query.q.replace(/[\\%_]/g, '\\$&')}%`;
  return [
    afterCursor(monitors.id, 'mon', query.cursor),
    query.status === undefined ? undefined : eq(shownStatus, query.status),
    query.tag === undefined ? undefined : sql`${monitors.tags} @> ${JSON.stringify([query.tag])}::jsonb`,
    text === undefined ? undefined : or(ilike(monitors.name, text), ilike(sql`${monitors.config}->>'url'`, text)),
  ];
}
