import { and, eq, isNull, lt, or } from 'drizzle-orm';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { apiKeys, users } from '#db/schema.ts';
import type { Caller } from '../request-context.ts';
import { apiKeyHash } from './create.ts';

/** Resolution of "last used". Updating it on every call would turn each read into a write. */
const LAST_USED_STEP_MS = 60_000;

/** The caller of an API key; throws unauthenticated when the key is unknown, revoked or expired. */
export async function callerOfApiKey(ctx: CoreContext, key: string): Promise<Caller> {
  const now = ctx.clock.now();
  const [found] = await ctx.db
    .select({ row: apiKeys, installationOwner: users.installationOwner })
    .from(apiKeys)
    .leftJoin(users, eq(users.id, apiKeys.createdBy))
    .where(eq(apiKeys.keyHash, apiKeyHash(key)));
  if (found === undefined) throw new ProblemError('unauthenticated', 'The API key is not known here.');
  const { row } = found;
  if (row.expiresAt !== null && row.expiresAt <= now) {
    throw new ProblemError('unauthenticated', 'The API key has expired.');
  }
  const stale = new Date(now.getTime() - LAST_USED_STEP_MS);
  if (row.lastUsedAt === null || row.lastUsedAt < stale) {
    await ctx.db
      .update(apiKeys)
      .set({ lastUsedAt: now })
      .where(and(eq(apiKeys.id, row.id), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, stale))));
  }
  return {
    organizationId: row.organizationId,
    actor: { type: 'api_key', id: row.id, name: row.name },
    scopes: new Set(row.scopes),
    installationOwner: found.installationOwner === true,
    credential: { type: 'api_key', id: row.id },
  };
}
