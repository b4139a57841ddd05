import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { listAuditLog } from '#core/services/audit-log/list.ts';
import { auditEntrySchema } from '#domain/api/audit-log.ts';
import { listOf, listQuerySchema } from '#domain/api/common.ts';
import { requestContext } from './middleware/authenticate.ts';
import { createRouter, json, named } from './router.ts';

export function auditLogRoutes(ctx: CoreContext) {
  const router = createRouter();
  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags: ['Audit log'],
      summary: 'Who changed what, newest first',
      request: { query: listQuerySchema },
      responses: {
        200: { description: 'A page of entries', content: json(listOf(named('AuditEntry', auditEntrySchema))) },
      },
    }),
    async (c) => c.json(await listAuditLog(requestContext(ctx, c), c.req.valid('query')), 200),
  );
  return router;
}
