import { Hono } from 'hono';
import type { CoreContext } from '../context.ts';

/** A dependency without an answer within this time counts as unavailable. */
const CHECK_TIMEOUT_MS = 2_000;

/** `/healthz` (alive), `/readyz` (dependencies, each with its state) and `/metrics` (Prometheus) of a process. */
export function createHealthApp(ctx: Pick<CoreContext, 'sql' | 'streams' | 'metrics' | 'config'>): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok', roles: ctx.config.roles }));
  app.get('/readyz', async (c) => {
    const dependencies = {
      postgres: await stateOf(async () => void (await ctx.sql`SELECT 1`)),
      stream: await stateOf(() => ctx.streams.readiness()),
    };
    const ready = Object.values(dependencies).every((state) => state === 'ok');
    return c.json({ status: ready ? 'ok' : 'unavailable', dependencies }, ready ? 200 : 503);
  });
  app.get('/metrics', (c) => c.text(ctx.metrics.render(), 200, { 'Content-Type': 'text/plain; version=0.0.4' }));
  return app;
}

async function stateOf(check: () => Promise<void>): Promise<'ok' | 'unavailable'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'unavailable'>((resolve) => {
    timer = setTimeout(() => resolve('unavailable'), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check().then(() => 'ok' as const), late]);
  } catch {
    return 'unavailable';
  } finally {
    clearTimeout(timer);
  }
}
