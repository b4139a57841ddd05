import type { StatusPage } from '#domain/api/status-page.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import type { RequestContext } from '../request-context.ts';
import { findPage, presentPage, readComponents } from './stored.ts';

export async function getStatusPage(ctx: RequestContext, id: string): Promise<Revised<StatusPage>> {
  authorize(ctx, 'read');
  const row = await findPage(ctx, id);
  return { object: presentPage(ctx, row, await readComponents(ctx.db, [id])), revision: row.revision };
}
