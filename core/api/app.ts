import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { CoreContext } from '#core/context.ts';
import { createIntake } from '#core/ingest/intake.ts';
import { createHealthApp } from '#core/platform/health.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { RateLimiter } from '#core/platform/rate-limiter.ts';
import { alertRuleRoutes } from './alert-rules.ts';
import { apiKeyRoutes } from './api-keys.ts';
import { auditLogRoutes } from './audit-log.ts';
import { authRoutes } from './auth.ts';
import { type Bodies, createBodies } from './bodies.ts';
import { channelRoutes } from './channels.ts';
import { dashboardFiles } from './dashboard.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { docsRoutes } from './docs.ts';
import type { ApiEnv } from './env.ts';
import { incidentRoutes } from './incidents.ts';
import { locationRoutes } from './locations.ts';
import { authenticate, requireCaller, requireScope } from './middleware/authenticate.ts';
import { compress } from './middleware/compress.ts';
import { heldBody } from './middleware/held-body.ts';
import { idempotency } from './middleware/idempotency.ts';
import { jsonBody, limitAnnounced, storableUrl } from './middleware/json-body.ts';
import { knownHosts } from './middleware/known-hosts.ts';
import { limitStrangers } from './middleware/limit-strangers.ts';
import { rateLimit } from './middleware/rate-limit.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { trace } from './middleware/trace.ts';
import { monitorRoutes } from './monitors.ts';
import { problemResponse } from './problem-response.ts';
import { createRouter } from './router.ts';
import { statusPageRoutes } from './status-pages.ts';
import { type StreamOptions, streamRoutes } from './stream.ts';

export const API_BASE = '/api/v1';
/** Paths that require the scope `admin` for reading, too. */
const FOR_ADMINS = ['/api-keys', '/audit-log', '/dead-letters'] as const;

/** The HTTP app of the api role: health, the edge's intake, the REST API, its docs, the dashboard. */
export function createApp(ctx: CoreContext, options: StreamOptions = {}): OpenAPIHono<ApiEnv> {
  const app = createRouter();
  const limiter = new RateLimiter();
  const bodies = createBodies();
  app.onError((error, c) => problemResponse(ctx, c, error));
  app.notFound((c) => problemResponse(ctx, c, new ProblemError('not_found')));
  app.use(trace(ctx), securityHeaders, limitAnnounced);
  app.route('/', createHealthApp(ctx));
  app.use('/edge/v1/*', limitStrangers(ctx, limiter));
  app.route('/', createIntake(ctx, bodies.edge));
  app.use(knownHosts(ctx), compress);
  app.route(API_BASE, createRestApi(ctx, options, limiter, bodies));
  app.route('/', dashboardFiles());
  return app;
}

/** The middleware and routes of the REST API. Each step may refuse the request. */
function createRestApi(
  ctx: CoreContext,
  options: StreamOptions,
  limiter: RateLimiter,
  bodies: Bodies,
): OpenAPIHono<ApiEnv> {
  const api = createRouter();
  api.use(notStored);
  if (ctx.config.corsOrigins.length > 0) api.use(namedOrigins(ctx.config.corsOrigins));
  api.use(methodNotAllowed({ app: api, onMethodNotAllowed: (c, methods) => wrongMethod(ctx, c, methods) }));
  api.use(authenticate(ctx), rateLimit(ctx, limiter), storableUrl);
  api.route('/auth', authRoutes(ctx, limiter, bodies));
  api.route('/', docsRoutes(api, API_BASE));
  // Authorisation precedes validation: a caller without permission gets no answer about the request's content.
  api.use(requireCaller(ctx), requireScope(ctx));
  for (const path of FOR_ADMINS) api.use(`${path}/*`, requireScope(ctx, 'admin'));
  api.use(heldBody(bodies), jsonBody, idempotency(ctx));
  api.route('/api-keys', apiKeyRoutes(ctx));
  api.route('/monitors', monitorRoutes(ctx));
  api.route('/alert-rules', alertRuleRoutes(ctx));
  api.route('/incidents', incidentRoutes(ctx));
  api.route('/channels', channelRoutes(ctx));
  api.route('/status-pages', statusPageRoutes(ctx));
  api.route('/locations', locationRoutes(ctx));
  api.route('/audit-log', auditLogRoutes(ctx));
  api.route('/dead-letters', deadLetterRoutes(ctx));
  api.route('/stream', streamRoutes(ctx, options));
  return api;
}

/** Answers depend on the time and the caller: no cache may store them. */
const notStored: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store');
};

/** CORS with cookies for the configured origins; other origins get no CORS headers. */
function namedOrigins(origins: readonly string[]) {
  return cors({
    origin: (origin) => (origins.includes(origin) ? origin : null),
    credentials: true,
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'X-CSRF-Token', 'traceparent'],
    exposeHeaders: ['ETag', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Trace-Id'],
    allowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
    maxAge: 600,
  });
}

function wrongMethod(ctx: CoreContext, c: Context<ApiEnv>, methods: readonly string[]): Response {
  return problemResponse(
    ctx,
    c,
    new ProblemError('method_not_allowed', undefined, { headers: { Allow: methods.join(', ') } }),
  );
}
