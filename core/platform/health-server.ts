import { getRequestListener } from '@hono/node-server';
import type { CoreRole } from '../config.ts';
import type { CoreContext } from '../context.ts';
import { createHealthApp } from './health.ts';
import { createHttpPort } from './http-port.ts';

/**
 * Ports of processes without the API, relative to the API's port, so that several processes on one machine do not
 * collide.
 */
const HEALTH_OFFSETS: readonly (readonly [CoreRole, number])[] = [
  ['ingest', 5],
  ['incidents', 6],
  ['alerts', 15],
  ['notify', 16],
  ['aggregate', 17],
  ['publish', 18],
];

/** Serves health and metrics of a process without the API, on the port of its first role. */
export async function startHealth(ctx: CoreContext): Promise<{ close(): Promise<void> }> {
  const { apiPort, healthPort, host, roles } = ctx.config;
  const offset = HEALTH_OFFSETS.find(([role]) => roles.includes(role))?.[1] ?? 0;
  const port = healthPort ?? apiPort + offset;
  const server = createHttpPort(getRequestListener(createHealthApp(ctx).fetch));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => resolve());
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
