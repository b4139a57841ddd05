import { and, desc, eq, gt, isNull } from 'drizzle-orm';
import { sessions } from '#db/schema.ts';
import type { Session } from '#domain/api/account.ts';
import type { List, ListQuery } from '#domain/api/common.ts';
import { afterCursor, pageOf } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { requireUser } from './require-user.ts';

/** The user's own sessions that have not ended, newest first. No scope is required. */
export async function listSessions(ctx: RequestContext, query: ListQuery): Promise<List<Session>> {
  const { userId, sessionId } = requireUser(ctx);
  const rows = await ctx.db
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, ctx.clock.now()),
        afterCursor(sessions.id, 'ses', query.cursor),
      ),
    )
    .orderBy(desc(sessions.id))
    .limit(query.limit + 1);
  return pageOf(
    rows,
    query.limit,
    (row) => [row.id],
    (row) => ({
      id: row.id,
      createdAt: row.createdAt.toISOString(),
      lastSeenAt: (row.rotatedAt ?? row.createdAt).toISOString(),
      expiresAt: row.expiresAt.toISOString(),
      address: row.ip,
      userAgent: row.userAgent,
      current: row.id === sessionId,
    }),
  );
}
