import type { MiddlewareHandler } from 'hono';
import { readBody } from '#core/platform/read-body.ts';
import type { Bodies } from '../bodies.ts';
import { neighbourhoodOf } from '../client-address.ts';
import type { ApiEnv } from '../env.ts';
import { BODY_BYTES_MAX } from './json-body.ts';

/** Before a sign-in nothing is sent but an e-mail, a name and a password. */
const STRANGER_BODY_BYTES_MAX = 64 * 1024;
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const decoder = new TextDecoder();

/**
 * Reads the body once, within its limit and the room that the process has for bodies. Later handlers get the text that
 * was read. Runs after authentication: who calls decides about limit and room.
 */
export function heldBody(bodies: Bodies): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (BODILESS.has(c.req.method)) return next();
    const { caller, ip } = c.var;
    const body =
      caller === null
        ? await readBody(c, bodies.strangers, { bytesMax: STRANGER_BODY_BYTES_MAX, owner: neighbourhoodOf(ip) })
        : await readBody(c, bodies.callers, { bytesMax: BODY_BYTES_MAX, owner: caller.organizationId });
    try {
      // hono awaits what it has cached, and declares the value itself.
      c.req.bodyCache.text = Promise.resolve(decoder.decode(body.bytes)) as unknown as string;
      await next();
    } finally {
      body.release();
    }
  };
}
