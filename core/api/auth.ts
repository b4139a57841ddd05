import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { RateLimiter } from '#core/platform/rate-limiter.ts';
import { callerOfSession } from '#core/services/accounts/authenticate.ts';
import { changePassword } from '#core/services/accounts/change-password.ts';
import type { ClientContext } from '#core/services/accounts/client.ts';
import { getAccount } from '#core/services/accounts/get.ts';
import { DEVICE_SECONDS, deviceCookie } from '#core/services/accounts/known-device.ts';
import { login } from '#core/services/accounts/login.ts';
import { logout } from '#core/services/accounts/logout.ts';
import { refresh } from '#core/services/accounts/refresh.ts';
import { register } from '#core/services/accounts/register.ts';
import { SESSION_SECONDS, type SignIn } from '#core/services/accounts/session.ts';
import { readSetup } from '#core/services/accounts/setup.ts';
import { accountSchema, loginSchema, passwordChangeSchema, registerSchema, setupSchema } from '#domain/api/account.ts';
import { ACCESS_TOKEN_SECONDS, readAccessToken, signAccessToken } from './auth/access-token.ts';
import { clearSession, readCookie, writeCookie } from './auth/cookies.ts';
import { csrfToken, requireCsrf, requireKnownOrigin } from './auth/csrf.ts';
import type { Bodies } from './bodies.ts';
import type { ApiEnv } from './env.ts';
import { requestContext, requireCaller } from './middleware/authenticate.ts';
import { heldBody } from './middleware/held-body.ts';
import { jsonBody } from './middleware/json-body.ts';
import { CREDENTIALS, rateLimit } from './middleware/rate-limit.ts';
import { isOnThisMachine } from './on-this-machine.ts';
import { createRouter, json, NO_CONTENT, named } from './router.ts';
import { sessionRoutes } from './sessions.ts';

const tags = ['Accounts'];
const account = {
  description: 'The signed-in account; cookies carry the session',
  content: json(named('Account', accountSchema)),
};

/** `/auth`: browser sessions. Answers set cookies, so Idempotency-Key does not apply here. */
export function authRoutes(ctx: CoreContext, limiter: RateLimiter, bodies: Bodies) {
  const router = createRouter();
  for (const path of ['/register', '/login', '/password']) router.use(path, rateLimit(ctx, limiter, CREDENTIALS));
  for (const path of ['/me', '/password', '/sessions', '/sessions/*']) router.use(path, requireCaller(ctx));
  router.use(heldBody(bodies));
  for (const path of ['/register', '/login', '/password']) router.use(path, jsonBody);

  router.openapi(
    createRoute({
      method: 'get',
      path: '/setup',
      tags,
      security: [],
      summary: 'Whether the first account is still to be made, and whether one may register',
      responses: { 200: { description: 'The state of the installation', content: json(setupSchema) } },
    }),
    async (c) => c.json(await readSetup(clientContext(ctx, c)), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/register',
      tags,
      security: [],
      summary: 'Make an account and sign in; the first one owns the installation',
      request: { body: { required: true, content: json(registerSchema) } },
      responses: { 201: account },
    }),
    async (c) => {
      requireKnownOrigin(ctx, c);
      const signIn = await register(clientContext(ctx, c), c.req.valid('json'));
      await writeSession(ctx, c, signIn);
      return c.json(signIn.account, 201);
    },
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/login',
      tags,
      security: [],
      summary: 'Sign in',
      request: { body: { required: true, content: json(loginSchema) } },
      responses: { 200: account },
    }),
    async (c) => {
      requireKnownOrigin(ctx, c);
      const signIn = await login(clientContext(ctx, c), c.req.valid('json'));
      await writeSession(ctx, c, signIn);
      return c.json(signIn.account, 200);
    },
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/refresh',
      tags,
      security: [{ refreshCookie: [] }],
      summary: 'Renew the session; a refresh token works once',
      responses: { 200: account },
    }),
    async (c) => {
      const token = readCookie(c, 'refresh');
      if (token === undefined) throw new ProblemError('unauthenticated');
      requireKnownOrigin(ctx, c);
      requireCsrf(ctx, c, sessionOf(token));
      try {
        const signIn = await refresh(clientContext(ctx, c), token);
        await writeSession(ctx, c, signIn);
        return c.json(signIn.account, 200);
      } catch (error) {
        if (error instanceof ProblemError && error.code === 'session_expired') clearSession(c);
        throw error;
      }
    },
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/logout',
      tags,
      // The cookies of an ended session are removed too.
      security: [{ accessCookie: [] }, {}],
      summary: 'Sign out; the session ends at once',
      responses: NO_CONTENT,
    }),
    async (c) => {
      // Also without a session: the answer removes cookies, which a foreign page may not cause.
      requireKnownOrigin(ctx, c);
      const sessionId = await presentSession(ctx, c);
      const caller = sessionId === null ? null : await callerOfSession(ctx, sessionId);
      if (caller !== null && sessionId !== null) {
        requireCsrf(ctx, c, sessionId);
        await logout({ ...ctx, caller, traceId: c.var.traceId, ip: c.var.ip });
      }
      clearSession(c);
      return c.body(null, 204);
    },
  );

  router.openapi(
    createRoute({
      method: 'get',
      path: '/me',
      tags,
      security: [{ accessCookie: [] }],
      summary: 'Who is signed in',
      responses: { 200: account },
    }),
    async (c) => c.json(await getAccount(requestContext(ctx, c)), 200),
  );

  router.openapi(
    createRoute({
      method: 'post',
      path: '/password',
      tags,
      security: [{ accessCookie: [] }],
      summary: 'Change the password; all other sessions end at once',
      request: { body: { required: true, content: json(passwordChangeSchema) } },
      responses: NO_CONTENT,
    }),
    async (c) => {
      await changePassword(requestContext(ctx, c), c.req.valid('json'));
      return c.body(null, 204);
    },
  );

  router.route('/sessions', sessionRoutes(ctx));
  return router;
}

function clientContext(ctx: CoreContext, c: Context<ApiEnv>): ClientContext {
  const { traceId, ip } = c.var;
  const userAgent = c.req.header('User-Agent') ?? '';
  const device = readCookie(c, 'device') ?? '';
  return { ...ctx, traceId, ip, userAgent, deviceCookie: device, onThisMachine: isOnThisMachine(c) };
}

/** The session of the browser's cookies, also when the access token has expired. */
async function presentSession(ctx: CoreContext, c: Context<ApiEnv>): Promise<string | null> {
  const access = readCookie(c, 'access');
  const named = access === undefined ? null : await readAccessToken(ctx, access);
  if (named !== null) return named;
  const token = readCookie(c, 'refresh');
  return token === undefined ? null : sessionOf(token);
}

function sessionOf(refreshToken: string): string {
  return refreshToken.split('.')[0] ?? '';
}

async function writeSession(ctx: CoreContext, c: Context<ApiEnv>, signIn: SignIn): Promise<void> {
  const access = await signAccessToken(ctx, signIn.account.user.id, signIn.sessionId);
  writeCookie(c, 'access', access, ACCESS_TOKEN_SECONDS);
  if (signIn.refreshToken !== null) {
    writeCookie(c, 'refresh', signIn.refreshToken, SESSION_SECONDS);
    writeCookie(c, 'csrf', csrfToken(ctx, signIn.sessionId), SESSION_SECONDS);
    const device = deviceCookie(ctx, signIn.account.user.id, readCookie(c, 'device') ?? '');
    writeCookie(c, 'device', device, DEVICE_SECONDS);
  }
}
