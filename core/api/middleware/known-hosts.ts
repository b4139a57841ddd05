import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import type { CoreContext } from '#core/context.ts';
import { isLoopbackName } from '#core/loopback.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { ApiEnv } from '../env.ts';

/**
 * Refuses names that nobody gave this installation: a page of another site whose name leads to this machine (DNS
 * rebinding) would be of the same origin as the dashboard. Addresses cannot be used for that.
 */
export function knownHosts({ config }: CoreContext): MiddlewareHandler<ApiEnv> {
  const names = new Set([config.publicUrl, ...config.corsOrigins].map((url) => new URL(url).hostname));
  return async (c, next) => {
    const { hostname } = new URL(c.req.url);
    if (!isAddress(hostname) && !isLoopbackName(hostname) && !names.has(hostname)) {
      throw new ProblemError('misdirected', `${hostname} is not the host of BLACKTIDE_PUBLIC_URL.`);
    }
    await next();
  };
}

function isAddress(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}
