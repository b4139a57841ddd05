import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { createAlertRule } from '#core/services/alert-rules/create.ts';
import { deleteAlertRule } from '#core/services/alert-rules/delete.ts';
import { getAlertRule } from '#core/services/alert-rules/get.ts';
import { listAlertRules } from '#core/services/alert-rules/list.ts';
import { updateAlertRule } from '#core/services/alert-rules/update.ts';
import { alertRuleCreateSchema, alertRuleListQuerySchema, alertRuleSchema } from '#domain/api/alerting.ts';
import { listOf } from '#domain/api/common.ts';
import { requestContext } from './middleware/authenticate.ts';
import { resourceRoutes } from './resource-routes.ts';
import { createRouter, idParam, json, named, withETag } from './router.ts';

const tags = ['Alert rules'];
const params = idParam('rul');
const one = { description: 'The rule', content: json(named('AlertRule', alertRuleSchema)) };

export function alertRuleRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags,
      summary: 'Alert rules, newest first',
      description: 'A monitor without rules of its own has a default rule, which is not listed: down once → critical.',
      request: { query: alertRuleListQuerySchema },
      responses: {
        200: { description: 'A page of rules', content: json(listOf(named('AlertRule', alertRuleSchema))) },
      },
    }),
    async (c) => c.json(await listAlertRules(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/',
      tags,
      summary: "Create an alert rule; the first replaces the monitor's default rule",
      request: { body: { required: true, content: json(alertRuleCreateSchema) } },
      responses: { 201: one },
    }),
    async (c) => c.json(withETag(c, await createAlertRule(requestContext(ctx, c), c.req.valid('json'))), 201),
  );

  resourceRoutes(router, ctx, {
    tags,
    params,
    one,
    get: { summary: 'One alert rule', run: getAlertRule },
    patch: { summary: 'Change an alert rule by JSON merge patch', run: updateAlertRule },
    delete: { summary: 'Delete an alert rule; its alert ends', run: deleteAlertRule },
  });

  return router;
}
