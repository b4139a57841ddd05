import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Context, Hono } from 'hono';
import type { BodyBudget } from '#domain/wire/body-budget.ts';
import { type Directory, SERVICE_BODY_BYTES_MAX, uplinkBatchSchema } from '#domain/wire/wire.ts';
import type { CoreContext, VerifiedToken } from '../context.ts';
import { databaseFault } from '../platform/database-fault.ts';
import { ProblemError } from '../platform/problem-error.ts';
import { readBody } from '../platform/read-body.ts';
import { buildAssignment } from '../publish/assignments.ts';
import { buildSnapshot } from '../publish/snapshots.ts';

/**
 * The edge's routes, under `/edge/v1`. Each request has a service token of its own, bound to method, path and body.
 * `bodies` bounds the batches in memory. Errors are thrown as ProblemError; the app that mounts the routes answers them.
 */
export function createIntake(ctx: CoreContext, bodies: BodyBudget): Hono {
  const app = new Hono().basePath('/edge/v1');

  app.post('/events', async (c) => {
    const token = await authenticated(ctx, c);
    // RFC 7694, section 3: the edge compresses what it sends when the core says that it takes it.
    c.header('Accept-Encoding', 'gzip');
    const body = await readBody(c, bodies, { bytesMax: SERVICE_BODY_BYTES_MAX, owner: 'edge' });
    try {
      token.requireBody(body.bytes);
      const batch = uplinkBatchSchema.safeParse(parseJson(await decoded(body.bytes, c.req.header('Content-Encoding'))));
      if (!batch.success) throw new ProblemError('malformed_request', 'The body is not a batch of events.');
      await publish(ctx, batch.data.shard, batch.data.events);
      return c.json({ accepted: batch.data.events.length }, 202);
    } finally {
      body.release();
    }
  });

  app.get('/directory', async (c) => {
    await bodiless(ctx, c);
    return c.json(await readDirectory(ctx));
  });

  app.get('/shards/:shard/assignment', async (c) => {
    await bodiless(ctx, c);
    const assignment = await buildAssignment(ctx, c.req.param('shard'));
    if (assignment === null) throw new ProblemError('not_found');
    return c.json(assignment);
  });

  app.get('/pages/:slug', async (c) => {
    await bodiless(ctx, c);
    const snapshot = await buildSnapshot(ctx, c.req.param('slug'));
    if (snapshot === null) throw new ProblemError('not_found');
    return c.json(snapshot);
  });

  return app;
}

/** The verified token of a request whose body has not been read. */
function authenticated(ctx: CoreContext, c: Context): Promise<VerifiedToken> {
  const { pathname, search } = new URL(c.req.url);
  const head = { method: c.req.method, path: `${pathname}${search}` };
  return ctx.tokens.verify(c.req.header('Authorization'), head);
}

async function bodiless(ctx: CoreContext, c: Context): Promise<void> {
  const token = await authenticated(ctx, c);
  token.requireBody(new Uint8Array());
}

/** Publishes events. 202 means that they are safe. Every failure is answered with 503, and the edge sends again. */
async function publish(ctx: CoreContext, shard: string, events: readonly unknown[]): Promise<void> {
  try {
    await ctx.streams.publish(events, { shard });
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    ctx.logger.error({ err: error, shard, events: events.length }, 'events of the edge could not be taken');
    const { code, detail } = databaseFault(error, ctx.config.storageDir) ?? {
      code: 'unavailable',
      detail: 'The events could not be stored.',
    };
    throw new ProblemError(code, `${detail} Send the events again later.`);
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

/** The body without its content coding. The sender is known, and what is unpacked is bounded as what is not. */
async function decoded(bytes: Uint8Array, coding: string | undefined): Promise<Uint8Array> {
  if (coding === undefined || coding.toLowerCase() === 'identity') return bytes;
  if (coding.toLowerCase() !== 'gzip')
    throw new ProblemError('unsupported_media_type', 'A body may be in gzip, or as it is.');
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: SERVICE_BODY_BYTES_MAX });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ProblemError('payload_too_large', `A body may have ${SERVICE_BODY_BYTES_MAX} bytes.`);
    }
    throw new ProblemError('malformed_request', 'The body is not in gzip.');
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProblemError('malformed_json');
  }
}
