import type { Context } from 'hono';
import { isLoopbackAddress } from '#core/loopback.ts';
import type { ApiEnv } from './env.ts';

/** Headers that proxies add. A proxy on this machine makes every client seem to be on it. */
const PROXY_HEADERS = ['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP', 'CF-Connecting-IP'];

/** True for a connection from this machine itself. A call without a connection is one of this process. */
export function isOnThisMachine(c: Context<ApiEnv>): boolean {
  const socket = c.env?.incoming?.socket;
  if (socket !== undefined && !isLoopbackAddress(socket.remoteAddress ?? '')) return false;
  return PROXY_HEADERS.every((name) => c.req.header(name) === undefined);
}
