import { getConnInfo } from '@hono/node-server/conninfo';
import type { MiddlewareHandler } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { addressReader } from '../client-address.ts';
import type { ApiEnv } from '../env.ts';
import { routePattern } from '../route-pattern.ts';

/** W3C Trace Context, `traceparent`: version, trace id, parent id, flags. All zeros is not an id. */
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACE_ID_BYTES = 16;

/** One trace id for a request: the caller's, or a new one. The answer, the log and every audit row have it. */
export function trace(ctx: CoreContext): MiddlewareHandler<ApiEnv> {
  const addressOf = addressReader(ctx.config.trustedProxies);
  return async (c, next) => {
    const started = performance.now();
    const given = TRACEPARENT.exec(c.req.header('traceparent') ?? '')?.[1];
    const traceId = given ?? Buffer.from(ctx.clock.random(TRACE_ID_BYTES)).toString('hex');
    c.set('traceId', traceId);
    c.set('ip', addressOf(peerOf(c), c.req.header('X-Forwarded-For')));
    c.set('caller', null);
    c.set('scriptHashes', []);
    await next();
    c.res.headers.set('X-Trace-Id', traceId);
    const seconds = (performance.now() - started) / 1000;
    const labels = { method: c.req.method, route: routePattern(c), status: String(c.res.status) };
    ctx.metrics.observe('api_request_seconds', seconds, labels);
    ctx.logger.debug({ traceId, path: c.req.path, ...labels, seconds }, 'request');
  };
}

function peerOf(c: Parameters<MiddlewareHandler<ApiEnv>>[0]): string {
  return c.env?.incoming === undefined ? '' : (getConnInfo(c).remote.address ?? '');
}
