import type { List } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { type Component, findPage, presentComponent, readComponents } from './stored.ts';

/** All components of a page in their order. The number is bounded, so the list is complete. */
export async function listComponents(ctx: RequestContext, pageId: string): Promise<List<Component>> {
  authorize(ctx, 'read');
  await findPage(ctx, pageId);
  const rows = await readComponents(ctx.db, [pageId]);
  return { data: rows.map(presentComponent), nextCursor: null };
}
