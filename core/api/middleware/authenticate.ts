import type { Context, MiddlewareHandler } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { callerOfSession } from '#core/services/accounts/authenticate.ts';
import { callerOfApiKey } from '#core/services/api-keys/authenticate.ts';
import { authorize } from '#core/services/authorize.ts';
import type { Caller, RequestContext, Scope } from '#core/services/request-context.ts';
import { readAccessToken } from '../auth/access-token.ts';
import { readCookie } from '../auth/cookies.ts';
import { requireCsrf, requireKnownOrigin } from '../auth/csrf.ts';
import type { ApiEnv } from '../env.ts';
import { routePattern } from '../route-pattern.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Identifies the caller. A caller without valid credentials is anonymous, with the rate limits of anonymous callers.
 */
export function authenticate(ctx: CoreContext): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    c.set('caller', null);
    c.set('credentialProblem', null);
    try {
      c.set('caller', await findCaller(ctx, c));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      c.set('credentialProblem', error);
    }
    await next();
  };
}

export async function findCaller(ctx: CoreContext, c: Context<ApiEnv>): Promise<Caller | null> {
  const authorization = c.req.header('Authorization');
  if (authorization !== undefined) {
    const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (key === undefined) throw new ProblemError('unauthenticated', 'Send Authorization: Bearer and an API key.');
    return callerOfApiKey(ctx, key);
  }
  const token = readCookie(c, 'access');
  const sessionId = token === undefined ? null : await readAccessToken(ctx, token);
  return sessionId === null ? null : callerOfSession(ctx, sessionId);
}

/** Requires a known caller and, for a browser's write, a valid CSRF token and origin. */
export function requireCaller(ctx: CoreContext): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    // An unknown route answers 404 and a wrong method 405, for every caller.
    if (!routePattern(c).startsWith('/api/')) return next();
    const { caller, credentialProblem } = c.var;
    if (caller === null) throw credentialProblem ?? new ProblemError('unauthenticated');
    if (caller.credential.type === 'session' && !SAFE_METHODS.has(c.req.method)) {
      requireKnownOrigin(ctx, c);
      requireCsrf(ctx, c, caller.credential.id);
    }
    await next();
  };
}

/**
 * Requires a scope of the caller: `scope`, or the one for reading or changing. Services check the exact scope again.
 */
export function requireScope(ctx: CoreContext, scope?: Scope): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const needed = scope ?? (SAFE_METHODS.has(c.req.method) ? 'read' : 'write');
    // The caller is known on every existing route: requireCaller runs before.
    if (c.var.caller !== null) authorize(requestContext(ctx, c), needed);
    await next();
  };
}

/** The context of a service verb, for routes behind requireCaller. */
export function requestContext(ctx: CoreContext, c: Context<ApiEnv>): RequestContext {
  const { caller, traceId, ip } = c.var;
  if (caller === null) throw new ProblemError('unauthenticated');
  return { ...ctx, caller, traceId, ip };
}
