import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { alertRules } from '#db/schema.ts';
import type { AlertRule, alertRuleListQuerySchema } from '#domain/api/alerting.ts';
import type { List } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import type { RequestContext } from '../request-context.ts';
import { presentAlertRule } from './stored.ts';

/** Newest first. Default rules are not listed: they apply while a monitor has no rules of its own. */
export async function listAlertRules(
  ctx: RequestContext,
  query: z.output<typeof alertRuleListQuerySchema>,
): Promise<List<AlertRule>> {
  authorize(ctx, 'read');
  const rows = await ctx.db
    .select()
    .from(alertRules)
    .where(
      and(
        eq(alertRules.organizationId, ctx.caller.organizationId),
        query.monitorId === undefined ? undefined : eq(alertRules.monitorId, query.monitorId),
        afterCursor(alertRules.id, 'rul', query.cursor),
      ),
    )
    .orderBy(desc(alertRules.id))
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, (row) => [row.id], presentAlertRule);
}
