import type { AlertRule } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { findAlertRule, presentAlertRule } from './stored.ts';

export interface AlertRuleAnswer {
  readonly alertRule: AlertRule;
  readonly revision: number;
}

export async function getAlertRule(ctx: RequestContext, id: string): Promise<AlertRuleAnswer> {
  authorize(ctx, 'read');
  const row = await findAlertRule(ctx.db, ctx, id);
  return { alertRule: presentAlertRule(row), revision: row.revision };
}
