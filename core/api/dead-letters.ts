import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { deleteDeadLetter } from '#core/services/dead-letters/delete.ts';
import { listDeadLetters } from '#core/services/dead-letters/list.ts';
import { replayDeadLetter } from '#core/services/dead-letters/replay.ts';
import { listOf, listQuerySchema } from '#domain/api/common.ts';
import { deadLetterSchema } from '#domain/api/dead-letter.ts';
import { requestContext } from './middleware/authenticate.ts';
import { createRouter, idParam, json, NO_CONTENT, named } from './router.ts';

const tags = ['Dead letters'];
const params = idParam('dlt');
const deadLetter = named('DeadLetter', deadLetterSchema);

export function deadLetterRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags,
      summary: 'Messages of the edge that could not be used, newest first',
      description: 'For the owner of the installation, and for API keys with the scope `admin` that they have made.',
      request: { query: listQuerySchema },
      responses: { 200: { description: 'A page of dead letters', content: json(listOf(deadLetter)) } },
    }),
    async (c) => c.json(await listDeadLetters(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/replay',
      tags,
      summary: 'Send the message down the road again',
      description: 'Once or often is the same. `replayedAt` goes back to null when it cannot be used this time either.',
      request: { params },
      responses: { 202: { description: 'On its way', content: json(deadLetter) } },
    }),
    async (c) => c.json(await replayDeadLetter(requestContext(ctx, c), c.req.valid('param').id), 202),
  );

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/{id}',
      tags,
      summary: 'Forget the message',
      request: { params },
      responses: NO_CONTENT,
    }),
    async (c) => {
      await deleteDeadLetter(requestContext(ctx, c), c.req.valid('param').id);
      return c.body(null, 204);
    },
  );

  return router;
}
