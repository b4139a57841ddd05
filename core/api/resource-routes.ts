import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { z } from 'zod';
import type { CoreContext } from '#core/context.ts';
import type { Revised } from '#core/services/expected-revision.ts';
import type { RequestContext } from '#core/services/request-context.ts';
import type { ApiEnv } from './env.ts';
import { requestContext } from './middleware/authenticate.ts';
import { type idParam, ifMatchHeader, type json, MERGE_PATCH, NO_CONTENT, withETag } from './router.ts';

/** The routes `/{id}` of one kind of object: their descriptions, and the services behind them. */
interface Resource<T extends object> {
  readonly tags: string[];
  readonly params: ReturnType<typeof idParam>;
  readonly one: { readonly description: string; readonly content: ReturnType<typeof json<z.ZodType<T>>> };
  readonly get: { summary: string; run(ctx: RequestContext, id: string): Promise<Revised<T>> };
  readonly patch: {
    summary: string;
    description?: string;
    run(ctx: RequestContext, id: string, patch: Record<string, unknown>, ifMatch?: string): Promise<Revised<T>>;
  };
  readonly delete: { summary: string; run(ctx: RequestContext, id: string): Promise<void> };
}

/** GET, PATCH and DELETE `/{id}`, equal for every kind of object that has a revision. */
export function resourceRoutes<T extends object>(
  router: OpenAPIHono<ApiEnv>,
  ctx: CoreContext,
  resource: Resource<T>,
): void {
  const { tags, params, one } = resource;
  const { run: get, ...getTexts } = resource.get;
  const { run: patch, ...patchTexts } = resource.patch;
  const { run: remove, ...deleteTexts } = resource.delete;

  router.openapi(
    createRoute({ method: 'get', path: '/{id}', tags, ...getTexts, request: { params }, responses: { 200: one } }),
    async (c) => c.json(withETag(c, await get(requestContext(ctx, c), c.req.valid('param').id)), 200),
  );

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/{id}',
      tags,
      ...patchTexts,
      request: { params, headers: ifMatchHeader, body: MERGE_PATCH },
      responses: { 200: one },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const ifMatch = c.req.valid('header')['if-match'];
      const updated = await patch(requestContext(ctx, c), id, c.req.valid('json'), ifMatch);
      return c.json(withETag(c, updated), 200);
    },
  );

  router.openapi(
    createRoute({ method: 'delete', path: '/{id}', tags, ...deleteTexts, request: { params }, responses: NO_CONTENT }),
    async (c) => {
      await remove(requestContext(ctx, c), c.req.valid('param').id);
      return c.body(null, 204);
    },
  );
}
