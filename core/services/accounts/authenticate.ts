import { and, eq, gt, isNull } from 'drizzle-orm';
import type { CoreContext } from '#core/context.ts';
import { memberships, sessions, users } from '#db/schema.ts';
import { ROLE_SCOPES } from '../authorize.ts';
import type { Caller } from '../request-context.ts';

/** The user of a session with current rights; null when the session has ended. */
export async function callerOfSession(ctx: CoreContext, sessionId: string): Promise<Caller | null> {
  const [row] = await ctx.db
    .select({
      organizationId: sessions.organizationId,
      userId: users.id,
      name: users.name,
      role: memberships.role,
      installationOwner: users.installationOwner,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(
      memberships,
      and(eq(memberships.userId, sessions.userId), eq(memberships.organizationId, sessions.organizationId)),
    )
    .where(and(eq(sessions.id, sessionId), isNull(sessions.revokedAt), gt(sessions.expiresAt, ctx.clock.now())));
  if (row === undefined) return null;
  return {
    organizationId: row.organizationId,
    actor: { type: 'user', id: row.userId, name: row.name },
    scopes: new Set(ROLE_SCOPES[row.role]),
    installationOwner: row.installationOwner,
    credential: { type: 'session', id: sessionId },
  };
}
