import { and, desc, eq, lt } from 'drizzle-orm';
import type { z } from 'zod';
import { channels } from '#db/schema.ts';
import type { Channel } from '#domain/api/alerting.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { pageOf, readCursor } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { presentChannels } from './present.ts';

/** Newest first. */
export async function listChannels(
  ctx: RequestContext,
  query: z.output<typeof listQuerySchema>,
): Promise<List<Channel>> {
  authorize(ctx, 'read');
  const [after] = readCursor(query.cursor, 1) ?? [];
  const rows = await ctx.db
    .select()
    .from(channels)
    .where(
      and(
        eq(channels.organizationId, ctx.caller.organizationId),
        after === undefined ? undefined : lt(channels.id, after),
      ),
    )
    .orderBy(desc(channels.id))
    .limit(query.limit + 1);
  const page = pageOf(
    rows,
    query.limit,
    (row) => [row.id],
    (row) => row,
  );
  return { data: await presentChannels(ctx, ctx.db, page.data), nextCursor: page.nextCursor };
}
