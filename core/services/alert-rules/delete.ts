import { eq } from 'drizzle-orm';
import { requestAssignment } from '#core/publish/request.ts';
import { alertRules, monitors } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findAlertRule, presentAlertRule } from './stored.ts';

/** The edge ends the rule's alert; with its last rule a monitor gets the default rule back. */
export async function deleteAlertRule(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inTransaction(ctx, async (tx) => {
    const row = await findAlertRule(tx, ctx, id, true);
    await tx.delete(alertRules).where(eq(alertRules.id, id));
    const [monitor] = await tx
      .select({ shardId: monitors.shardId })
      .from(monitors)
      .where(eq(monitors.id, row.monitorId));
    if (monitor !== undefined) await requestAssignment(tx, monitor.shardId);
    await recordAudit(tx, ctx, {
      action: 'alert_rule.delete',
      targetType: 'alert_rule',
      targetId: id,
      before: presentAlertRule(row),
    });
  });
}
