import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { changeIncident } from '#core/services/incidents/change.ts';
import { createIncident } from '#core/services/incidents/create.ts';
import { getIncident } from '#core/services/incidents/get.ts';
import { listIncidents } from '#core/services/incidents/list.ts';
import { publishIncident } from '#core/services/incidents/publish.ts';
import {
  incidentCreateSchema,
  incidentDetailSchema,
  incidentListQuerySchema,
  incidentNoteSchema,
  incidentPagesSchema,
  incidentSchema,
  incidentUpdateSchema,
} from '#domain/api/alerting.ts';
import { listOf } from '#domain/api/common.ts';
import { requestContext } from './middleware/authenticate.ts';
import { createRouter, idParam, json, named } from './router.ts';

const tags = ['Incidents'];
const params = idParam('inc');
const one = { description: 'The incident', content: json(named('Incident', incidentSchema)) };

export function incidentRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags,
      summary: 'Incidents, newest first',
      request: { query: incidentListQuerySchema },
      responses: {
        200: { description: 'A page of incidents', content: json(listOf(named('Incident', incidentSchema))) },
      },
    }),
    async (c) => c.json(await listIncidents(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/',
      tags,
      summary: 'Open an incident by hand',
      request: { body: { required: true, content: json(incidentCreateSchema) } },
      responses: { 201: one },
    }),
    async (c) => c.json(await createIncident(requestContext(ctx, c), c.req.valid('json')), 201),
  );

  router.openapi(
    createRoute({
      method: 'get',
      path: '/{id}',
      tags,
      summary: 'One incident with its timeline, oldest entry first',
      request: { params },
      responses: { 200: { description: 'The incident and its story', content: json(incidentDetailSchema) } },
    }),
    async (c) => c.json(await getIncident(requestContext(ctx, c), c.req.valid('param').id), 200),
  );

  for (const [verb, summary] of [
    ['acknowledge', 'Say that someone is on it'],
    ['resolve', 'End an incident by hand'],
    ['reopen', 'Open a resolved incident again'],
  ] as const) {
    router.openapi(
      createRoute({
        method: 'post',
        path: `/{id}/${verb}`,
        tags,
        summary,
        request: { params },
        responses: { 200: one },
      }),
      async (c) => c.json(await changeIncident(requestContext(ctx, c), c.req.valid('param').id, { type: verb }), 200),
    );
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/notes',
      tags,
      summary: 'Add a note to the timeline, for the team only',
      request: { params, body: { required: true, content: json(incidentNoteSchema) } },
      responses: { 201: one },
    }),
    async (c) => {
      const change = { type: 'note', ...c.req.valid('json') } as const;
      return c.json(await changeIncident(requestContext(ctx, c), c.req.valid('param').id, change), 201);
    },
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/updates',
      tags,
      summary: 'Add a public update, shown on status pages',
      request: { params, body: { required: true, content: json(incidentUpdateSchema) } },
      responses: { 201: one },
    }),
    async (c) => {
      const change = { type: 'update', ...c.req.valid('json') } as const;
      return c.json(await changeIncident(requestContext(ctx, c), c.req.valid('param').id, change), 201);
    },
  );

  router.openapi(
    createRoute({
      method: 'put',
      path: '/{id}/pages',
      tags,
      summary: 'Choose the status pages that show an incident without a monitor',
      request: { params, body: { required: true, content: json(incidentPagesSchema) } },
      responses: { 200: { description: 'The incident and its story', content: json(incidentDetailSchema) } },
    }),
    async (c) =>
      c.json(await publishIncident(requestContext(ctx, c), c.req.valid('param').id, c.req.valid('json')), 200),
  );

  return router;
}
