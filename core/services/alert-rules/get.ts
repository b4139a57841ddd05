import type { AlertRule } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import type { RequestContext } from '../request-context.ts';
import { findAlertRule, presentAlertRule } from './stored.ts';

export async function getAlertRule(ctx: RequestContext, id: string): Promise<Revised<AlertRule>> {
  authorize(ctx, 'read');
  const row = await findAlertRule(ctx, id);
  return { object: presentAlertRule(row), revision: row.revision };
}
