import { eq } from 'drizzle-orm';
import { requestPageRemoval } from '#core/publish/request.ts';
import { statusPages } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findPage, presentPage, readComponents } from './stored.ts';
import { requestAssignmentsOf } from './write-components.ts';

export async function deleteStatusPage(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inTransaction(ctx, async (tx) => {
    const row = await findPage(tx, ctx, id, true);
    const components = await readComponents(tx, [id]);
    await tx.delete(statusPages).where(eq(statusPages.id, id));
    await requestPageRemoval(tx, row.slug);
    await requestAssignmentsOf(
      tx,
      components.flatMap((component) => component.monitorId ?? []),
    );
    await recordAudit(tx, ctx, {
      action: 'status_page.delete',
      targetType: 'status_page',
      targetId: id,
      before: presentPage(ctx, row, components),
    });
  });
}
