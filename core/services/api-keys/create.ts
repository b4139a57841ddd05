import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { apiKeys } from '#db/schema.ts';
import type { apiKeyCreatedSchema, apiKeyCreateSchema } from '#domain/api/account.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { authorize } from '../authorize.ts';
import { newId } from '../new-id.ts';
import { requireQuota } from '../quota.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { presentApiKey } from './present.ts';

const KEY_BYTES = 32;
/** `btk_` and eight characters distinguish keys and reveal nothing. */
const PREFIX_LENGTH = 12;

/** Creates a key. Only this answer contains its text; the database stores its hash. */
export async function createApiKey(
  ctx: RequestContext,
  input: z.output<typeof apiKeyCreateSchema>,
): Promise<z.infer<typeof apiKeyCreatedSchema>> {
  authorize(ctx, 'admin');
  const now = ctx.clock.now();
  const key = `btk_${Buffer.from(ctx.clock.random(KEY_BYTES)).toString('base64url')}`;
  const { actor } = ctx.caller;
  return inUnit(ctx, async (ctx) => {
    await requireQuota(ctx, 'apiKeys');
    const [row] = await ctx.db
      .insert(apiKeys)
      .values({
        id: newId(ctx, 'key'),
        organizationId: ctx.caller.organizationId,
        createdBy: actor.type === 'user' ? actor.id : null,
        name: input.name,
        prefix: key.slice(0, PREFIX_LENGTH),
        keyHash: apiKeyHash(key),
        scopes: [...new Set(input.scopes)],
        createdAt: now,
        expiresAt: input.expiresInDays === undefined ? null : new Date(now.getTime() + input.expiresInDays * DAY_MS),
      })
      .returning();
    if (row === undefined) throw new ProblemError('internal');
    const shown = presentApiKey(row);
    await recordAudit(ctx, { action: 'api_key.create', targetType: 'api_key', targetId: row.id, after: shown });
    return { ...shown, key };
  });
}

/** SHA-256: the key has 256 random bits, so a slow hash would add nothing. */
export function apiKeyHash(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
