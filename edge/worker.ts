import { type Context, Hono } from 'hono';
import type { z } from 'zod';
import { discardBody } from '#domain/base/unread-body.ts';
import { pageSnapshotSchema, slugSchema } from '#domain/page/snapshot.ts';
import { assignmentEnvelopeSchema, checkNowSchema, testRequestSchema } from '#domain/wire/wire.ts';
import type { CoordinatorEnv } from './env.ts';
import { log, reasonOf } from './log.ts';
import { putAssignment, putPage, removePage } from './order.ts';
import { invalidAnswer, problemAnswer } from './problem-answer.ts';
import { storageReadiness } from './readiness.ts';
import { keepAliveAndReconcile } from './reconcile.ts';
import { type GateVariables, serviceGate } from './service-gate.ts';
import { testRun } from './test-run.ts';

export { MonitorShard } from './monitor-shard.ts';
export { PageDirectory } from './page-directory.ts';
export { StatusPage } from './status-page.ts';
export { Uplink } from './uplink.ts';

type Env = { Bindings: CoordinatorEnv; Variables: GateVariables };

/** The coordinator Worker: receives orders of the core, and wakes the shards every minute. */
const app = new Hono<Env>();

app.use(async (context, next) => {
  await next();
  await discardBody(context.req.raw.body);
});

app.get('/healthz', (context) => context.json({ status: 'ok' }));

app.get('/readyz', async (context) => {
  const { state, reason } = await storageReadiness(context.env);
  if (reason === null) return context.json({ status: 'ok', dependencies: { storage: state } });
  return context.json({ status: 'unavailable', dependencies: { storage: state }, reasons: { storage: reason } }, 503);
});

app.use('/edge/v1/*', serviceGate);

app.put('/edge/v1/shards/:shard/assignment', async (context) => {
  const assignment = readBody(context, assignmentEnvelopeSchema);
  if (assignment instanceof Response) return assignment;
  if (assignment.shard !== context.req.param('shard')) return otherName('shard');
  return context.json(await putAssignment(context.env, assignment));
});

app.get('/edge/v1/shards/:shard', async (context) => {
  const figures = await context.env.MONITOR_SHARD.getByName(context.req.param('shard')).inspect();
  return figures.shard === null ? problemAnswer('not_found') : context.json(figures);
});

app.post('/edge/v1/shards/:shard/monitors/:monitorId/check', async (context) => {
  const order = readBody(context, checkNowSchema);
  if (order instanceof Response) return order;
  const { shard, monitorId } = context.req.param();
  const requestedAtMs = Date.parse(order.requestedAt);
  const found = await context.env.MONITOR_SHARD.getByName(shard).checkNow(monitorId, requestedAtMs);
  if (!found) return problemAnswer('not_found', 'the shard does not have this monitor');
  return context.json({ scheduledAt: new Date(requestedAtMs).toISOString() }, 202);
});

app.post('/edge/v1/test', async (context) => {
  const request = readBody(context, testRequestSchema);
  if (request instanceof Response) return request;
  return context.json(await testRun(context.env, request));
});

app.put('/edge/v1/pages/:slug', async (context) => {
  const snapshot = readBody(context, pageSnapshotSchema);
  if (snapshot instanceof Response) return snapshot;
  if (snapshot.slug !== context.req.param('slug')) return otherName('slug');
  return context.json(await putPage(context.env, snapshot));
});

app.delete('/edge/v1/pages/:slug', async (context) => {
  const slug = slugSchema.safeParse(context.req.param('slug'));
  if (!slug.success) return invalidAnswer(slug.error);
  await removePage(context.env, slug.data);
  return context.body(null, 204);
});

app.notFound(() => problemAnswer('not_found'));

app.onError((error) => {
  log('error', 'a request failed', { reason: reasonOf(error) });
  return problemAnswer('internal');
});

function readBody<S extends z.ZodType>(context: Context<Env>, schema: S): z.infer<S> | Response {
  let value: unknown;
  try {
    value = JSON.parse(context.get('bodyText'));
  } catch {
    return problemAnswer('malformed_json');
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : invalidAnswer(parsed.error);
}

function otherName(part: string): Response {
  return problemAnswer('validation_failed', undefined, [{ path: part, message: 'is not the one in the path' }]);
}

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    await keepAliveAndReconcile(env);
  },
} satisfies ExportedHandler<CoordinatorEnv>;
