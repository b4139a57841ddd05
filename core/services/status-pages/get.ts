import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { findPage, presentPage, readComponents, type StatusPageAnswer } from './stored.ts';

export async function getStatusPage(ctx: RequestContext, id: string): Promise<StatusPageAnswer> {
  authorize(ctx, 'read');
  const row = await findPage(ctx.db, ctx, id);
  return { statusPage: presentPage(ctx, row, await readComponents(ctx.db, [id])), revision: row.revision };
}
