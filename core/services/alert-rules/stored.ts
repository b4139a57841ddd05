import { and, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import { alertRules } from '#db/schema.ts';
import { type AlertRule, type alertRuleCreateSchema, alertRuleSchema } from '#domain/api/alerting.ts';
import type { RowProblem } from '#domain/api/row-problem.ts';
import { isLost, readTolerantly } from '../read-tolerantly.ts';
import type { RequestReader } from '../request-context.ts';

const { shape } = alertRuleSchema;
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

/** The complete rule as written. Stand-ins of what cannot be read are named in `problem`. */
export interface StoredAlertRule {
  readonly rule: AlertRuleInput;
  readonly problem: RowProblem | undefined;
}

export function readAlertRule(row: AlertRuleRow): StoredAlertRule {
  const { value: rule, problem } = readTolerantly((part) => ({
    name: row.name,
    monitorId: row.monitorId,
    condition: part('condition', 'rule_unreadable', () => shape.condition.parse(row.condition), {
      type: 'consecutiveFailures' as const,
      count: 1,
    }),
    severity: part('severity', 'rule_unreadable', () => shape.severity.parse(row.severity), 'critical' as const),
    recoveryCount: row.recoveryCount,
    channelIds: part('channelIds', 'rule_unreadable', () => shape.channelIds.parse(row.channelIds), null),
    notifyOnRecovery: row.notifyOnRecovery,
    runbookUrl: row.runbookUrl,
  }));
  return { rule, problem };
}

/** The columns of a changed rule: without those that cannot be read, unless the patch gives them. */
export function changedColumns(
  { condition, severity, channelIds, ...rest }: AlertRuleInput,
  { problem }: StoredAlertRule,
  patch: Record<string, unknown>,
): Partial<AlertRuleInput> {
  const keeps = (path: string) => isLost(problem, path) && !(path in patch);
  return {
    ...rest,
    ...(keeps('condition') ? {} : { condition }),
    ...(keeps('severity') ? {} : { severity }),
    ...(keeps('channelIds') ? {} : { channelIds }),
  };
}

export function presentAlertRule(row: AlertRuleRow): AlertRule {
  const { rule, problem } = readAlertRule(row);
  return {
    id: row.id,
    ...rule,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(problem === undefined ? {} : { problem }),
  };
}
