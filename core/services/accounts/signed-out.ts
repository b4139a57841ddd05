import type { CoreContext } from '#core/context.ts';
import type { Caller } from '../request-context.ts';

/**
 * Of the sign-ins behind open connections, those that are valid no longer: signed out, revoked, expired, or without a
 * membership. Answers the ids of their credentials; one statement for all.
 */
export async function signedOutOf(
  ctx: Pick<CoreContext, 'sql' | 'clock'>,
  callers: readonly Caller[],
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(callers.map(({ credential }) => credential.id))];
  if (ids.length === 0) return new Set();
  const now = ctx.clock.now().toISOString();
  const valid = await ctx.sql<{ id: string }[]>`
    SELECT id FROM api_keys WHERE id = ANY(${ids}) AND (expires_at IS NULL OR expires_at > ${now})
    UNION ALL
    SELECT s.id FROM sessions s
    JOIN memberships m ON m.user_id = s.user_id AND m.organization_id = s.organization_id
    WHERE s.id = ANY(${ids}) AND s.revoked_at IS NULL AND s.expires_at > ${now}`;
  const stillIn = new Set(valid.map(({ id }) => id));
  return new Set(ids.filter((id) => !stillIn.has(id)));
}
