import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { statusPages } from '#db/schema.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import type { StatusPage } from '#domain/api/status-page.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { presentPage, readComponents } from './stored.ts';

/** Newest first. */
export async function listStatusPages(
  ctx: RequestContext,
  query: z.output<typeof listQuerySchema>,
): Promise<List<StatusPage>> {
  authorize(ctx, 'read');
  const rows = await ctx.db
    .select()
    .from(statusPages)
    .where(
      and(eq(statusPages.organizationId, ctx.caller.organizationId), afterCursor(statusPages.id, 'stp', query.cursor)),
    )
    .orderBy(desc(statusPages.id))
    .limit(query.limit + 1);
  const ids = rows.map((row) => row.id);
  const components = ids.length === 0 ? [] : await readComponents(ctx.db, ids);
  const componentsOf = Map.groupBy(components, (component) => component.pageId);
  const present = (row: (typeof rows)[number]) => presentPage(ctx, row, componentsOf.get(row.id) ?? []);
  return pageOf(rows, query.limit, (row) => [row.id], present);
}
