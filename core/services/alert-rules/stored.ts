import { and, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import { alertRules } from '#db/schema.ts';
import { alertConditionSchema, severitySchema } from '#domain/alert/alert.ts';
import type { AlertRule, alertRuleCreateSchema } from '#domain/api/alerting.ts';
import type { RequestReader } from '../request-context.ts';

export type AlertRuleRow = typeof alertRules.$inferSelect;
export type AlertRuleInput = z.output<typeof alertRuleCreateSchema>;

/** A rule of the caller's organisation; throws not_found. `lock` locks the row for a change. */
export async function findAlertRule(ctx: RequestReader, id: string, lock = false): Promise<AlertRuleRow> {
  const query = ctx.db
    .select()
    .from(alertRules)
    .where(and(eq(alertRules.id, id), eq(alertRules.organizationId, ctx.caller.organizationId)));
  const [row] = lock ? await query.for('update') : await query;
  if (row === undefined) throw new ProblemError('not_found');
  return row;
}

/** The complete rule as written, to which a merge patch is applied. */
export function storedAlertRule(row: AlertRuleRow): AlertRuleInput {
  return {
    name: row.name,
    monitorId: row.monitorId,
    condition: alertConditionSchema.parse(row.condition),
    severity: severitySchema.parse(row.severity),
    recoveryCount: row.recoveryCount,
    channelIds: row.channelIds,
    notifyOnRecovery: row.notifyOnRecovery,
    runbookUrl: row.runbookUrl,
  };
}

export function presentAlertRule(row: AlertRuleRow): AlertRule {
  return {
    id: row.id,
    ...storedAlertRule(row),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
