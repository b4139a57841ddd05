import { Hono } from 'hono';
import type { CoreContext } from '../context.ts';
import { requireRoom } from './disk-room.ts';
import { readinessOf, requireWritable } from './readiness.ts';

/**
 * `/healthz` (alive), `/readyz` (dependencies, each with its state, and the reason of each that is not ready) and
 * `/metrics` (Prometheus) of a process.
 */
export function createHealthApp(ctx: Pick<CoreContext, 'sql' | 'streams' | 'metrics' | 'config' | 'logger'>): Hono {
  const app = new Hono();
  const { storageDir } = ctx.config;
  const checks = {
    postgres: () => requireWritable(ctx.sql),
    stream: () => ctx.streams.readiness(),
    ...(storageDir === undefined ? {} : { disk: async () => requireRoom(storageDir) }),
  };
  const dependencies = Object.entries(checks).map(
    ([name, check]) => [name, readinessOf(() => logged(ctx, name, check()))] as const,
  );
  app.get('/healthz', (c) => c.json({ status: 'ok', roles: ctx.config.roles }));
  app.get('/readyz', async (c) => {
    const found = await Promise.all(dependencies.map(async ([name, look]) => [name, await look()] as const));
    const states = Object.fromEntries(found.map(([name, { state }]) => [name, state]));
    const unready = found.filter(([, { reason }]) => reason !== null);
    if (unready.length === 0) return c.json({ status: 'ok', dependencies: states });
    const reasons = Object.fromEntries(unready.map(([name, { reason }]) => [name, reason]));
    return c.json({ status: 'unavailable', dependencies: states, reasons }, 503);
  });
  app.get('/metrics', (c) => c.text(ctx.metrics.render(), 200, { 'Content-Type': 'text/plain; version=0.0.4' }));
  return app;
}

async function logged(ctx: Pick<CoreContext, 'logger'>, dependency: string, check: Promise<void>): Promise<void> {
  try {
    await check;
  } catch (error) {
    ctx.logger.warn({ err: error, dependency }, 'a dependency is not ready');
    throw error;
  }
}
