import { createRoute } from '@hono/zod-openapi';
import type { CoreContext } from '#core/context.ts';
import { checkMonitor } from '#core/services/monitors/check.ts';
import { createMonitor } from '#core/services/monitors/create.ts';
import { deleteMonitor } from '#core/services/monitors/delete.ts';
import { getMonitor } from '#core/services/monitors/get.ts';
import { listMonitors } from '#core/services/monitors/list.ts';
import { listResults } from '#core/services/monitors/list-results.ts';
import { listRounds } from '#core/services/monitors/list-rounds.ts';
import { pauseMonitor } from '#core/services/monitors/pause.ts';
import { readMonitorSeries } from '#core/services/monitors/read-series.ts';
import { readMonitorUptime } from '#core/services/monitors/read-uptime.ts';
import { resumeMonitor } from '#core/services/monitors/resume.ts';
import { tryMonitor } from '#core/services/monitors/try.ts';
import { tryChangedMonitor } from '#core/services/monitors/try-changed.ts';
import { updateMonitor } from '#core/services/monitors/update.ts';
import { listOf } from '#domain/api/common.ts';
import {
  monitorCreateSchema,
  monitorListQuerySchema,
  monitorSchema,
  monitorTestAnswerSchema,
  monitorTestSchema,
  resultListQuerySchema,
  resultSchema,
  roundListQuerySchema,
  roundSchema,
  seriesQuerySchema,
  seriesSchema,
  uptimeQuerySchema,
  uptimeSchema,
} from '#domain/api/monitor.ts';
import { checkAcceptedSchema } from './answers.ts';
import { requestContext } from './middleware/authenticate.ts';
import { resourceRoutes } from './resource-routes.ts';
import { createRouter, idParam, json, MERGE_PATCH, named, withETag } from './router.ts';

const tags = ['Monitors'];
const params = idParam('mon');
const one = { description: 'The monitor', content: json(named('Monitor', monitorSchema)) };

export function monitorRoutes(ctx: CoreContext) {
  const router = createRouter();

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags,
      summary: 'Monitors with their present status, newest first',
      request: { query: monitorListQuerySchema },
      responses: { 200: { description: 'A page of monitors', content: json(listOf(named('Monitor', monitorSchema))) } },
    }),
    async (c) => c.json(await listMonitors(requestContext(ctx, c), c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/',
      tags,
      summary: 'Create a monitor; its first round runs at once',
      description:
        '`config.auth` is sealed and never shown again. `config.headers` is shown to everyone in the organisation: credentials belong into `auth`.',
      request: { body: { required: true, content: json(monitorCreateSchema) } },
      responses: { 201: one },
    }),
    async (c) => c.json(withETag(c, await createMonitor(requestContext(ctx, c), c.req.valid('json'))), 201),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/test',
      tags,
      summary: 'Run an unsaved monitor once; its outcome per location with the transcript',
      request: { body: { required: true, content: json(monitorTestSchema) } },
      responses: { 200: { description: 'One outcome per location', content: json(monitorTestAnswerSchema) } },
    }),
    async (c) => c.json(await tryMonitor(requestContext(ctx, c), c.req.valid('json')), 200),
  );

  resourceRoutes(router, ctx, {
    tags,
    params,
    one,
    get: { summary: 'One monitor', run: getMonitor },
    patch: {
      summary: 'Change a monitor by JSON merge patch',
      description: '`config.auth`: a password or token that the patch leaves out is kept; null removes it.',
      run: updateMonitor,
    },
    delete: { summary: 'Delete a monitor; its open incidents are resolved', run: deleteMonitor },
  });

  for (const [verb, change, summary] of [
    ['pause', pauseMonitor, 'Stop checking'],
    ['resume', resumeMonitor, 'Check again'],
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
      async (c) => c.json(withETag(c, await change(requestContext(ctx, c), c.req.valid('param').id)), 200),
    );
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/check',
      tags,
      summary: 'Check now, beside the schedule; the results are marked manual',
      request: { params },
      responses: { 202: { description: 'Asked for', content: json(checkAcceptedSchema) } },
    }),
    async (c) => c.json(await checkMonitor(requestContext(ctx, c), c.req.valid('param').id), 202),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/{id}/test',
      tags,
      summary: 'Run a monitor once as a merge patch would make it, without saving',
      request: { params, body: MERGE_PATCH },
      responses: { 200: { description: 'One outcome per location', content: json(monitorTestAnswerSchema) } },
    }),
    async (c) =>
      c.json(await tryChangedMonitor(requestContext(ctx, c), c.req.valid('param').id, c.req.valid('json')), 200),
  );

  router.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/results',
      tags,
      summary: 'Results, newest first: one per location and slot',
      request: { params, query: resultListQuerySchema },
      responses: {
        200: { description: 'A page of results', content: json(listOf(named('CheckResult', resultSchema))) },
      },
    }),
    async (c) => c.json(await listResults(requestContext(ctx, c), c.req.valid('param').id, c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/rounds',
      tags,
      summary: 'Rounds with their verdicts, newest first: one per slot',
      description: 'Verdicts are kept as they were judged; uptime is the time for which they stood.',
      request: { params, query: roundListQuerySchema },
      responses: { 200: { description: 'A page of rounds', content: json(listOf(named('Round', roundSchema))) } },
    }),
    async (c) => c.json(await listRounds(requestContext(ctx, c), c.req.valid('param').id, c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/series',
      tags,
      summary: 'Response times per location over time',
      request: { params, query: seriesQuerySchema },
      responses: { 200: { description: 'Points per location', content: json(named('Series', seriesSchema)) } },
    }),
    async (c) =>
      c.json(await readMonitorSeries(requestContext(ctx, c), c.req.valid('param').id, c.req.valid('query')), 200),
  );

  router.openapi(
    createRoute({
      method: 'get',
      path: '/{id}/uptime',
      tags,
      summary: 'Uptime over a window: the time for which verdicts stood',
      request: { params, query: uptimeQuerySchema },
      responses: { 200: { description: 'Uptime', content: json(named('Uptime', uptimeSchema)) } },
    }),
    async (c) => {
      const { window } = c.req.valid('query');
      return c.json(await readMonitorUptime(requestContext(ctx, c), c.req.valid('param').id, window), 200);
    },
  );

  return router;
}
