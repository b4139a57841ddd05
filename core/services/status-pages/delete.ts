import { eq } from 'drizzle-orm';
import { requestPageRemoval } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { statusPages } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findPage, presentPage, readComponents } from './stored.ts';
import { requestAssignmentsOf } from './write-components.ts';

export async function deleteStatusPage(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inUnit(ctx, async (ctx) => {
    const row = await findPage(ctx, id, true);
    const components = await readComponents(ctx.db, [id]);
    await ctx.db.delete(statusPages).where(eq(statusPages.id, id));
    await requestPageRemoval(ctx.db, row.slug);
    await requestAssignmentsOf(
      ctx.db,
      components.flatMap((component) => component.monitorId ?? []),
    );
    await recordAudit(ctx, {
      action: 'status_page.delete',
      targetType: 'status_page',
      targetId: id,
      before: presentPage(ctx, row, components),
    });
  });
}
