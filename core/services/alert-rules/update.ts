import { eq, sql } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { requestAssignment } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { alertRules } from '#db/schema.ts';
import type { AlertRule } from '#domain/api/alerting.ts';
import { alertRuleCreateSchema } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import { type Revised, requireRevision } from '../expected-revision.ts';
import { mergePatch } from '../merge-patch.ts';
import { isLost } from '../read-tolerantly.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { invalid, validated } from '../validated.ts';
import { requireTargets } from './require-targets.ts';
import { changedColumns, findAlertRule, presentAlertRule, readAlertRule } from './stored.ts';

/** Applies a merge patch. The monitor of a rule cannot change, because its alerts belong to that monitor's history. */
export async function updateAlertRule(
  ctx: RequestContext,
  id: string,
  patch: Record<string, unknown>,
  ifMatch?: string,
): Promise<Revised<AlertRule>> {
  authorize(ctx, 'write');
  return inUnit(ctx, async (ctx) => {
    const before = await findAlertRule(ctx, id, true);
    requireRevision(ifMatch, before.revision);
    const stored = readAlertRule(before);
    const { condition, ...rest } = stored.rule;
    // Members of a stand-in must not mix with those of the condition that repairs it.
    const replaced = isLost(stored.problem, 'condition') && 'condition' in patch;
    const base = replaced ? rest : { ...rest, condition };
    const input = validated(alertRuleCreateSchema, mergePatch(base, patch));
    if (input.monitorId !== before.monitorId) throw invalid('monitorId', 'cannot be changed; make a new rule');
    const shardId = await requireTargets(ctx, input);
    const [row] = await ctx.db
      .update(alertRules)
      .set({
        ...changedColumns(input, stored, patch),
        revision: sql`${alertRules.revision} + 1`,
        updatedAt: ctx.clock.now(),
      })
      .where(eq(alertRules.id, id))
      .returning();
    if (row === undefined) throw new ProblemError('internal');
    const alertRule = presentAlertRule(row);
    await recordAudit(ctx, {
      action: 'alert_rule.update',
      targetType: 'alert_rule',
      targetId: id,
      before: presentAlertRule(before),
      after: alertRule,
    });
    await requestAssignment(ctx.db, shardId);
    return { object: alertRule, revision: row.revision };
  });
}
