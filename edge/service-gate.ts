import type { MiddlewareHandler } from 'hono';
import { forgetAtMs } from '#domain/wire/service-token.ts';
import { SERVICE_BODY_BYTES_MAX } from '#domain/wire/wire.ts';
import type { CoordinatorEnv } from './env.ts';
import { problemAnswer } from './problem-answer.ts';
import { isMadeFor, readServiceToken } from './service-token.ts';
import { inventoryOf } from './uplink.ts';

/** What the gate hands on: the body it has read and verified. */
export interface GateVariables {
  bodyText: string;
}

/**
 * Only the core passes: its token must be genuine, fresh, made for this very request, and not used before.
 * Everything else gets 401 and changes nothing.
 */
export const serviceGate: MiddlewareHandler<{ Bindings: CoordinatorEnv; Variables: GateVariables }> = async (
  context,
  next,
) => {
  const nowMs = Date.now();
  const authorization = context.req.header('authorization');
  const key = context.env.CORE_PUBLIC_JWK;
  const claims = await readServiceToken(authorization, key, 'blacktide-core', 'blacktide-edge', nowMs);
  // Nobody else's body is worth the memory: the objects may live in this very isolate.
  if (claims === null) return problemAnswer('invalid_service_token');
  const body = await readBounded(context.req.raw, SERVICE_BODY_BYTES_MAX);
  if (body === null) return problemAnswer('payload_too_large', `at most ${SERVICE_BODY_BYTES_MAX} bytes`);
  const url = new URL(context.req.url);
  const request = { method: context.req.method, path: url.pathname + url.search, body };
  if (!(await isMadeFor(claims, request, nowMs))) return problemAnswer('invalid_service_token');
  if (!(await inventoryOf(context.env).useToken(claims.jti, forgetAtMs(claims)))) {
    return problemAnswer('invalid_service_token', 'the token was used before');
  }
  context.set('bodyText', new TextDecoder().decode(body));
  return next();
};

/** The whole body, or null when it is larger than `bytesMax`: no more than that is ever held. */
async function readBounded(request: Request, bytesMax: number): Promise<Uint8Array | null> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > bytesMax) return null;
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}
