import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { createChannel } from '#core/services/channels/create.ts';
import { deleteChannel } from '#core/services/channels/delete.ts';
import { getChannel } from '#core/services/channels/get.ts';
import { listChannels } from '#core/services/channels/list.ts';
import { listDeliveries } from '#core/services/channels/list-deliveries.ts';
import { sendTest } from '#core/services/channels/send-test.ts';
import { updateChannel } from '#core/services/channels/update.ts';
import { channelCreatedSchema, channelCreateSchema, channelSchema, deliverySchema } from '#domain/api/alerting.ts';
import { listOf, listQuerySchema } from '#domain/api/common.ts';
import { testSentSchema } from './answers.ts';
import { requestContext } from './middleware/authenticate.ts';
import { resourceRoutes } from './resource-routes.ts';
import { createRouter, idParam, json, named, withETag } from './router.ts';

const tags = ['Channels'];
const params = idParam('chn');
const one = { description: 'The channel', content: json(named('Channel', channelSchema)) };

export function channelRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags,
      summary: 'Channels, newest first',
      request: { query: listQuerySchema },
      responses: { 200: { description: 'A page of channels', content: json(listOf(named('Channel', channelSchema))) } },
    }),
    async (c) => c.json(await listChannels(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/',
      tags,
      summary: 'Create a channel; its signing secret is in this answer only',
      request: { body: { required: true, content: json(channelCreateSchema) } },
      responses: { 201: { description: 'The channel with its secret', content: json(channelCreatedSchema) } },
    }),
    async (c) => c.json(withETag(c, await createChannel(requestContext(ctx, c), c.req.valid('json'))), 201),
  );

  resourceRoutes(router, ctx, {
    tags,
    params,
    one,
    get: { summary: 'One channel', run: getChannel },
    patch: {
      summary: 'Change a channel by JSON merge patch',
      description:
        'A secret that is left out is kept, and so are a URL and header values that are sent back as they were shown.',
      run: updateChannel,
    },
    delete: { summary: 'Delete a channel that no alert rule names', run: deleteChannel },
  });

  router.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/test',
      tags,
      summary: 'Send a test notification',
      request: { params },
      responses: { 202: { description: 'On its way', content: json(testSentSchema) } },
    }),
    async (c) => c.json(await sendTest(requestContext(ctx, c), c.req.valid('param').id), 202),
  );

  router.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/deliveries',
      tags,
      summary: 'Deliveries of a channel, newest first, with every attempt',
      request: { params, query: listQuerySchema },
      responses: {
        200: { description: 'A page of deliveries', content: json(listOf(named('Delivery', deliverySchema))) },
      },
    }),
    async (c) =>
      c.json(await listDeliveries(requestContext(ctx, c), c.req.valid('param').id, c.req.valid('query')), 200),
  );

  return router;
}
