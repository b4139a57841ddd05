import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { channels } from '#db/schema.ts';
import type { Channel } from '#domain/api/alerting.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { presentChannels } from './present.ts';

/** Newest first. */
export async function listChannels(
  ctx: RequestContext,
  query: z.output<typeof listQuerySchema>,
): Promise<List<Channel>> {
  authorize(ctx, 'read');
  const rows = await ctx.db
    .select()
    .from(channels)
    .where(and(eq(channels.organizationId, ctx.caller.organizationId), afterCursor(channels.id, 'chn', query.cursor)))
    .orderBy(desc(channels.id))
    .limit(query.limit + 1);
  const page = pageOf(
    rows,
    query.limit,
    (row) => [row.id],
    (row) => row,
  );
  return { data: await presentChannels(ctx, page.data), nextCursor: page.nextCursor };
}
