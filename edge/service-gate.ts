import type { MiddlewareHandler } from 'hono';
import { BodyBudget, type HeldBody } from '#domain/wire/body-budget.ts';
import { forgetAtMs, isTokenFor } from '#domain/wire/service-token.ts';
import { SERVICE_BODY_BYTES_MAX } from '#domain/wire/wire.ts';
import type { CoordinatorEnv } from './env.ts';
import { problemAnswer } from './problem-answer.ts';
import { isMadeForBody, readServiceToken } from './service-token.ts';
import { inventoryOf } from './uplink.ts';

/**
 * Bytes of orders in this isolate, of its 128 MB: two of the largest while they are read and copied. The core sends one
 * order at a time for each shard and page, usually of 250 KB.
 */
const bodies = new BodyBudget(40 * 1024 * 1024);
/** Retry-After when there is no room for a body: orders take milliseconds. */
const RETRY_AFTER_SECONDS = '1';

/** The body that the gate has read and verified, for the routes behind it. */
export interface GateVariables {
  bodyText: string;
}

/**
 * Lets only the core pass: the token must be genuine, fresh, made for this request, and unused. Every other request gets
 * 401 and changes nothing. Its body is not kept, because the objects may live in the same isolate and its memory.
 */
export const serviceGate: MiddlewareHandler<{ Bindings: CoordinatorEnv; Variables: GateVariables }> = async (
  context,
  next,
) => {
  const nowMs = Date.now();
  const authorization = context.req.header('authorization');
  const key = context.env.CORE_PUBLIC_JWK;
  const claims = await readServiceToken(authorization, key, 'blacktide-core', 'blacktide-edge', nowMs);
  const url = new URL(context.req.url);
  const head = { method: context.req.method, path: url.pathname + url.search };
  if (claims === null || !isTokenFor(claims, head, nowMs)) return problemAnswer('invalid_service_token');
  if (!(await inventoryOf(context.env).useToken(claims.jti, forgetAtMs(claims)))) {
    return problemAnswer('invalid_service_token', 'the token was used before');
  }
  const body = await readBody(context.req.raw);
  if (body instanceof Response) return body;
  try {
    if (!(await isMadeForBody(claims, body.bytes))) return problemAnswer('invalid_service_token');
    context.set('bodyText', new TextDecoder().decode(body.bytes));
    // The bytes count until the order is carried out.
    return await next();
  } finally {
    body.release();
  }
};

async function readBody(request: Request): Promise<HeldBody | Response> {
  const tooLarge = () => problemAnswer('payload_too_large', `at most ${SERVICE_BODY_BYTES_MAX} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > SERVICE_BODY_BYTES_MAX) return tooLarge();
  const limit = { bytesMax: SERVICE_BODY_BYTES_MAX, owner: 'core' };
  const body = await bodies.read(request.body, limit).catch(() => 'broken' as const);
  if (body === 'broken') return problemAnswer('malformed_request', 'the body ended before it was complete');
  if (body === 'too_large') return tooLarge();
  if (body !== 'no_room') return body;
  const answer = problemAnswer('unavailable', 'too many large orders at one time');
  answer.headers.set('Retry-After', RETRY_AFTER_SECONDS);
  return answer;
}
