import { count, eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { requestAssignment } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { alertRules } from '#db/schema.ts';
import type { AlertRule } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import { newId } from '../new-id.ts';
import { requireQuota } from '../quota.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { requireTargets } from './require-targets.ts';
import { type AlertRuleInput, presentAlertRule } from './stored.ts';

/** Most rules per monitor in an assignment (domain/wire/wire.ts). */
const RULES_PER_MONITOR_MAX = 20;

/** Creates a rule. A monitor's first rule replaces its default rule. */
export async function createAlertRule(ctx: RequestContext, input: AlertRuleInput): Promise<Revised<AlertRule>> {
  authorize(ctx, 'write');
  const now = ctx.clock.now();
  const id = newId(ctx, 'rul');
  return inUnit(ctx, async (ctx) => {
    const shardId = await requireTargets(ctx, input);
    await requireQuota(ctx, 'alertRules');
    const [held] = await ctx.db
      .select({ count: count() })
      .from(alertRules)
      .where(eq(alertRules.monitorId, input.monitorId));
    if (held !== undefined && held.count >= RULES_PER_MONITOR_MAX) {
      throw new ProblemError('conflict', `A monitor has at most ${RULES_PER_MONITOR_MAX} alert rules.`);
    }
    const [row] = await ctx.db
      .insert(alertRules)
      .values({ id, organizationId: ctx.caller.organizationId, ...input, createdAt: now, updatedAt: now })
      .returning();
    if (row === undefined) throw new ProblemError('internal');
    const alertRule = presentAlertRule(row);
    await recordAudit(ctx, {
      action: 'alert_rule.create',
      targetType: 'alert_rule',
      targetId: id,
      after: alertRule,
    });
    await requestAssignment(ctx.db, shardId);
    return { object: alertRule, revision: row.revision };
  });
}
