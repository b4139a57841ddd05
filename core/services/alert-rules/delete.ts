import { eq } from 'drizzle-orm';
import { requestAssignment } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { alertRules, monitors } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { findAlertRule, presentAlertRule } from './stored.ts';

/** Deletes a rule; the edge ends its alert. A monitor without rules has the default rule again. */
export async function deleteAlertRule(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'write');
  await inUnit(ctx, async (ctx) => {
    const row = await findAlertRule(ctx, id, true);
    await ctx.db.delete(alertRules).where(eq(alertRules.id, id));
    const [monitor] = await ctx.db
      .select({ shardId: monitors.shardId })
      .from(monitors)
      .where(eq(monitors.id, row.monitorId));
    await recordAudit(ctx, {
      action: 'alert_rule.delete',
      targetType: 'alert_rule',
      targetId: id,
      before: presentAlertRule(row),
    });
    if (monitor !== undefined) await requestAssignment(ctx.db, monitor.shardId);
  });
}
