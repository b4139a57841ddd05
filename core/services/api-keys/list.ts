import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { apiKeys } from '#db/schema.ts';
import type { ApiKey } from '#domain/api/account.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { presentApiKey } from './present.ts';

/** Newest first. */
export async function listApiKeys(ctx: RequestContext, query: z.output<typeof listQuerySchema>): Promise<List<ApiKey>> {
  authorize(ctx, 'admin');
  const rows = await ctx.db
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.organizationId, ctx.caller.organizationId), afterCursor(apiKeys.id, 'key', query.cursor)))
    .orderBy(desc(apiKeys.id))
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, (row) => [row.id], presentApiKey);
}
