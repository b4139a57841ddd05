import { and, eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { apiKeys } from '#db/schema.ts';
import { authorize } from '../authorize.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { presentApiKey } from './present.ts';

/** Revokes a key with effect from the next call: keys are looked up on every call. */
export async function revokeApiKey(ctx: RequestContext, id: string): Promise<void> {
  authorize(ctx, 'admin');
  await inUnit(ctx, async (ctx) => {
    const [row] = await ctx.db
      .delete(apiKeys)
      .where(and(eq(apiKeys.id, id), eq(apiKeys.organizationId, ctx.caller.organizationId)))
      .returning();
    if (row === undefined) throw new ProblemError('not_found');
    await recordAudit(ctx, {
      action: 'api_key.revoke',
      targetType: 'api_key',
      targetId: id,
      before: presentApiKey(row),
    });
  });
}
