import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { addComponent } from '#core/services/status-pages/add-component.ts';
import { createStatusPage } from '#core/services/status-pages/create.ts';
import { deleteStatusPage } from '#core/services/status-pages/delete.ts';
import { getStatusPage } from '#core/services/status-pages/get.ts';
import { listStatusPages } from '#core/services/status-pages/list.ts';
import { listComponents } from '#core/services/status-pages/list-components.ts';
import { removeComponent } from '#core/services/status-pages/remove-component.ts';
import { updateStatusPage } from '#core/services/status-pages/update.ts';
import { updateComponent } from '#core/services/status-pages/update-component.ts';
import { listOf, listQuerySchema } from '#domain/api/common.ts';
import {
  componentInputSchema,
  componentSchema,
  statusPageCreateSchema,
  statusPageSchema,
} from '#domain/api/status-page.ts';
import { requestContext } from './middleware/authenticate.ts';
import { resourceRoutes } from './resource-routes.ts';
import { createRouter, idParam, idText, json, MERGE_PATCH, NO_CONTENT, named, withETag } from './router.ts';

const tags = ['Status pages'];
const params = idParam('stp');
const componentParams = params.extend({ componentId: idText('cmp') });
const one = { description: 'The page with its components', content: json(named('StatusPage', statusPageSchema)) };
const oneComponent = { description: 'The component', content: json(named('Component', componentSchema)) };

export function statusPageRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags,
      summary: 'Status pages, newest first',
      request: { query: listQuerySchema },
      responses: {
        200: { description: 'A page of status pages', content: json(listOf(named('StatusPage', statusPageSchema))) },
      },
    }),
    async (c) => c.json(await listStatusPages(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/',
      tags,
      summary: 'Create a status page; the edge serves it a moment later',
      request: { body: { required: true, content: json(statusPageCreateSchema) } },
      responses: { 201: one },
    }),
    async (c) => c.json(withETag(c, await createStatusPage(requestContext(ctx, c), c.req.valid('json'))), 201),
  );

  resourceRoutes(router, ctx, {
    tags,
    params,
    one,
    get: { summary: 'One status page', run: getStatusPage },
    patch: {
      summary: 'Change a status page by JSON merge patch',
      description: '`components` is replaced as a whole; components that carry their id are kept.',
      run: updateStatusPage,
    },
    delete: { summary: 'Delete a status page', run: deleteStatusPage },
  });

  router.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/components',
      tags,
      summary: 'The components of a page in their order',
      request: { params },
      responses: { 200: { description: 'All components', content: json(listOf(named('Component', componentSchema))) } },
    }),
    async (c) => c.json(await listComponents(requestContext(ctx, c), c.req.valid('param').id), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/components',
      tags,
      summary: 'Add a component at the end of a page',
      request: { params, body: { required: true, content: json(componentInputSchema.omit({ id: true })) } },
      responses: { 201: oneComponent },
    }),
    async (c) => c.json(await addComponent(requestContext(ctx, c), c.req.valid('param').id, c.req.valid('json')), 201),
  );

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/{id}/components/{componentId}',
      tags,
      summary: 'Change one component by JSON merge patch',
      request: { params: componentParams, body: MERGE_PATCH },
      responses: { 200: oneComponent },
    }),
    async (c) => {
      const { id, componentId } = c.req.valid('param');
      return c.json(await updateComponent(requestContext(ctx, c), id, componentId, c.req.valid('json')), 200);
    },
  );

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/{id}/components/{componentId}',
      tags,
      summary: 'Remove one component from its page',
      request: { params: componentParams },
      responses: NO_CONTENT,
    }),
    async (c) => {
      const { id, componentId } = c.req.valid('param');
      await removeComponent(requestContext(ctx, c), id, componentId);
      return c.body(null, 204);
    },
  );

  return router;
}
