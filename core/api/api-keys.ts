import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { createApiKey } from '#core/services/api-keys/create.ts';
import { listApiKeys } from '#core/services/api-keys/list.ts';
import { revokeApiKey } from '#core/services/api-keys/revoke.ts';
import { apiKeyCreatedSchema, apiKeyCreateSchema, apiKeySchema } from '#domain/api/account.ts';
import { listOf, listQuerySchema } from '#domain/api/common.ts';
import { requestContext } from './middleware/authenticate.ts';
import { createRouter, idParam, json, NO_CONTENT, named } from './router.ts';

const tags = ['API keys'];

export function apiKeyRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags,
      summary: 'API keys, newest first',
      request: { query: listQuerySchema },
      responses: {
        200: { description: 'Keys without their text', content: json(listOf(named('ApiKey', apiKeySchema))) },
      },
    }),
    async (c) => c.json(await listApiKeys(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/',
      tags,
      summary: 'Make an API key; its text is in this answer only',
      request: { body: { required: true, content: json(apiKeyCreateSchema) } },
      responses: { 201: { description: 'The key', content: json(apiKeyCreatedSchema) } },
    }),
    async (c) => c.json(await createApiKey(requestContext(ctx, c), c.req.valid('json')), 201),
  );

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/{id}',
      tags,
      summary: 'Revoke an API key; it stops working at once',
      request: { params: idParam('key') },
      responses: NO_CONTENT,
    }),
    async (c) => {
      await revokeApiKey(requestContext(ctx, c), c.req.valid('param').id);
      return c.body(null, 204);
    },
  );

  return router;
}
