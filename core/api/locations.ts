import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { listLocations } from '#core/services/locations/list.ts';
import { listOf } from '#domain/api/common.ts';
import { locationSchema } from '#domain/api/monitor.ts';
import { requestContext } from './middleware/authenticate.ts';
import { createRouter, json, named } from './router.ts';

export function locationRoutes(ctx: CoreContext) {
  const router = createRouter();
  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags: ['Locations'],
      summary: 'Where checks run from, and how each location is doing for your monitors',
      description: 'Figures are at most a minute old.',
      responses: { 200: { description: 'All locations', content: json(listOf(named('Location', locationSchema))) } },
    }),
    async (c) => c.json(await listLocations(requestContext(ctx, c)), 200),
  );
  return router;
}
