import { createHash } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { ApiEnv } from '../env.ts';

const KEY_LENGTH_MAX = 255;
/** Lifetime of a key: a key repeated later starts a new request. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Longer than any request may take. A request that has not answered by then died with its process. */
const IN_FLIGHT_MS = 120_000;

interface StoredAnswer {
  status: number | null;
  body: string | null;
  request_hash: string;
}

/**
 * `Idempotency-Key` on POST: a repeated request gets the answer of the first one that succeeded, and does no work.
 * Failed requests changed nothing and are not stored. Stored answers are sealed, because they may hold a secret that is
 * shown once.
 */
export function idempotency(ctx: CoreContext): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const key = c.req.header('Idempotency-Key');
    const { caller } = c.var;
    if (c.req.method !== 'POST' || key === undefined || caller === null) return next();
    if (key === '' || key.length > KEY_LENGTH_MAX) {
      throw new ProblemError('malformed_request', `Idempotency-Key has 1 to ${KEY_LENGTH_MAX} characters.`);
    }
    const scope = `${caller.organizationId} ${caller.credential.id} POST ${c.req.path}`;
    const hash = createHash('sha256')
      .update(`${c.req.url}\n${await c.req.text()}`)
      .digest('base64url');
    const claimed = await claim(ctx, scope, key, hash);
    if ('first' in claimed) return replay(ctx, c, claimed.first, scope, hash);
    try {
      await next();
    } finally {
      await settle(ctx, c, { scope, key, claimedAt: claimed.at });
    }
  };
}

/** Registers this request as the first with its key, or returns the answer of the first one. */
async function claim(
  ctx: CoreContext,
  scope: string,
  key: string,
  hash: string,
): Promise<{ at: string } | { first: StoredAnswer }> {
  const nowMs = ctx.clock.now().getTime();
  const now = new Date(nowMs).toISOString();
  const keptSince = new Date(nowMs - KEPT_MS).toISOString();
  const inFlightSince = new Date(nowMs - IN_FLIGHT_MS).toISOString();
  await ctx.sql`delete from idempotency_keys where created_at < ${keptSince}`;
  // One statement decides which request is first. The row of a process that died is taken over.
  const claimed = await ctx.sql`
    insert into idempotency_keys as held (scope, key, request_hash, created_at)
    values (${scope}, ${key}, ${hash}, ${now})
    on conflict (scope, key) do update set request_hash = excluded.request_hash, created_at = excluded.created_at
      where held.status is null and held.created_at < ${inFlightSince}
    returning 1`;
  if (claimed.length > 0) return { at: now };
  const [stored] = await ctx.sql<StoredAnswer[]>`
    select status, body, request_hash from idempotency_keys where scope = ${scope} and key = ${key}`;
  if (stored === undefined) throw inFlight();
  return { first: stored };
}

function replay(ctx: CoreContext, c: Context<ApiEnv>, first: StoredAnswer, scope: string, hash: string): Response {
  if (first.request_hash !== hash) throw new ProblemError('idempotency_conflict');
  if (first.status === null || first.body === null) throw inFlight();
  const body = ctx.secrets.open(first.body, `idempotency:${scope}`);
  c.header('Idempotency-Replayed', 'true');
  if (body === '') return c.body(null, first.status as StatusCode);
  c.header('Content-Type', 'application/json');
  return c.body(body, first.status as ContentfulStatusCode);
}

function inFlight(): ProblemError {
  return new ProblemError('conflict', 'The first request with this Idempotency-Key is still being worked on.', {
    headers: { 'Retry-After': '1' },
  });
}

/** Stores the answer, unless the request took so long that another one has taken over its row. */
async function settle(
  ctx: CoreContext,
  c: Context<ApiEnv>,
  { scope, key, claimedAt }: { scope: string; key: string; claimedAt: string },
): Promise<void> {
  const ours = ctx.sql`scope = ${scope} and key = ${key} and created_at = ${claimedAt} and status is null`;
  if (c.error === undefined && c.res.ok) {
    const body = ctx.secrets.seal(await c.res.clone().text(), `idempotency:${scope}`);
    await ctx.sql`update idempotency_keys set status = ${c.res.status}, body = ${body} where ${ours}`;
  } else {
    await ctx.sql`delete from idempotency_keys where ${ours}`;
  }
}
