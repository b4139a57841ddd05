import { and, desc, eq, lt } from 'drizzle-orm';
import type { z } from 'zod';
import { apiKeys } from '#db/schema.ts';
import type { ApiKey } from '#domain/api/account.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { pageOf, readCursor } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { presentApiKey } from './present.ts';

/** Newest first. */
export async function listApiKeys(ctx: RequestContext, query: z.output<typeof listQuerySchema>): Promise<List<ApiKey>> {
  authorize(ctx, 'admin');
  const [after] = readCursor(query.cursor, 1) ?? [];
  const rows = await ctx.db
    .select()
    .from(apiKeys)
    .where(
      and(
        eq(apiKeys.organizationId, ctx.caller.organizationId),
        after === undefined ? undefined : lt(apiKeys.id, after),
      ),
    )
    .orderBy(desc(apiKeys.id))
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, (row) => [row.id], presentApiKey);
}
