import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { endOtherSessions } from '#core/services/accounts/end-other-sessions.ts';
import { endSession } from '#core/services/accounts/end-session.ts';
import { listSessions } from '#core/services/accounts/list-sessions.ts';
import { sessionSchema } from '#domain/api/account.ts';
import { listOf, listQuerySchema } from '#domain/api/common.ts';
import { clearSession } from './auth/cookies.ts';
import { requestContext } from './middleware/authenticate.ts';
import { createRouter, idParam, json, NO_CONTENT, named } from './router.ts';

const about = { tags: ['Accounts'], security: [{ accessCookie: [] }] };

/** `/auth/sessions`: the signed-in browsers of the user who asks. */
export function sessionRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      ...about,
      method: 'get',
      path: '/',
      summary: 'Your sessions, newest first',
      request: { query: listQuerySchema },
      responses: { 200: { description: 'A page of sessions', content: json(listOf(named('Session', sessionSchema))) } },
    }),
    async (c) => c.json(await listSessions(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      ...about,
      method: 'delete',
      path: '/',
      summary: 'End all of your sessions except the one that asks',
      responses: NO_CONTENT,
    }),
    async (c) => {
      await endOtherSessions(requestContext(ctx, c));
      return c.body(null, 204);
    },
  );

  router.openapi(
    createRoute({
      ...about,
      method: 'delete',
      path: '/{id}',
      summary: 'End one of your sessions at once',
      request: { params: idParam('ses') },
      responses: NO_CONTENT,
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      await endSession(requestContext(ctx, c), id);
      if (c.var.caller?.credential.id === id) clearSession(c);
      return c.body(null, 204);
    },
  );

  return router;
}
