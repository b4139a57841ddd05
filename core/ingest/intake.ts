import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Directory, SERVICE_BODY_BYTES_MAX, uplinkBatchSchema } from '#domain/wire/wire.ts';
import type { CoreContext } from '../context.ts';
import { ProblemError } from '../platform/problem-error.ts';
import { buildAssignment } from '../publish/assignments.ts';
import { buildSnapshot } from '../publish/snapshots.ts';

/**
 * The edge's routes, under `/edge/v1`. Each request has a service token of its own, bound to method, path and body.
 * Errors are thrown as ProblemError; the app that mounts the routes answers them.
 */
export function createIntake(ctx: CoreContext): Hono {
  const app = new Hono().basePath('/edge/v1');
  app.use(
    bodyLimit({
      maxSize: SERVICE_BODY_BYTES_MAX,
      onError: () => {
        throw new ProblemError('payload_too_large', `A body may have ${SERVICE_BODY_BYTES_MAX} bytes.`);
      },
    }),
  );

  app.post('/events', async (c) => {
    const batch = uplinkBatchSchema.safeParse(parseJson(await authenticated(ctx, c)));
    if (!batch.success) throw new ProblemError('malformed_request', 'The body is not a batch of events.');
    await publish(ctx, batch.data.shard, batch.data.events);
    return c.json({ accepted: batch.data.events.length }, 202);
  });

  app.get('/directory', async (c) => {
    await authenticated(ctx, c);
    return c.json(await readDirectory(ctx));
  });

  app.get('/shards/:shard/assignment', async (c) => {
    await authenticated(ctx, c);
    const assignment = await buildAssignment(ctx, c.req.param('shard'));
    if (assignment === null) throw new ProblemError('not_found');
    return c.json(assignment);
  });

  app.get('/pages/:slug', async (c) => {
    await authenticated(ctx, c);
    const snapshot = await buildSnapshot(ctx, c.req.param('slug'));
    if (snapshot === null) throw new ProblemError('not_found');
    return c.json(snapshot);
  });

  return app;
}

/** The body's bytes, once the token is verified for them. */
async function authenticated(ctx: CoreContext, c: Context): Promise<Uint8Array> {
  const authorization = c.req.header('Authorization');
  // A request without a token is refused before its body is read into memory.
  if (authorization === undefined) throw new ProblemError('invalid_service_token');
  const body = new Uint8Array(await c.req.arrayBuffer());
  const { pathname, search } = new URL(c.req.url);
  await ctx.tokens.verify(authorization, { method: c.req.method, path: `${pathname}${search}`, body });
  return body;
}

/** Publishes events. 202 means that they are safe. Every failure is answered with 503, and the edge sends again. */
async function publish(ctx: CoreContext, shard: string, events: readonly unknown[]): Promise<void> {
  try {
    await ctx.streams.publish(events, { shard });
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    ctx.logger.error({ err: error, shard, events: events.length }, 'events of the edge could not be taken');
    throw new ProblemError('unavailable', 'The events could not be stored; send them again later.');
  }
}

async function readDirectory(ctx: CoreContext): Promise<Directory> {
  const shards = await ctx.sql<
    { shard: string; version: string }[]
  >`SELECT id AS shard, version FROM shards ORDER BY id`;
  const pages = await ctx.sql<
    { slug: string; version: string }[]
  >`SELECT slug, version FROM status_pages ORDER BY slug`;
  return {
    v: 1,
    // postgres.js returns 64-bit integers as text.
    shards: shards.map(({ shard, version }) => ({ shard, version: Number(version) })),
    pages: pages.map(({ slug, version }) => ({ slug, version: Number(version) })),
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProblemError('malformed_json');
  }
}
