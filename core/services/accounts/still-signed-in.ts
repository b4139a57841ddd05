import { eq } from 'drizzle-orm';
import type { CoreContext } from '#core/context.ts';
import { apiKeys } from '#db/schema.ts';
import type { Caller } from '../request-context.ts';
import { callerOfSession } from './authenticate.ts';

/** Whether the sign-in behind an open connection is still valid: not signed out, revoked or expired. */
export async function stillSignedIn(ctx: CoreContext, { credential }: Caller): Promise<boolean> {
  if (credential.type === 'session') return (await callerOfSession(ctx, credential.id)) !== null;
  const [key] = await ctx.db
    .select({ expiresAt: apiKeys.expiresAt })
    .from(apiKeys)
    .where(eq(apiKeys.id, credential.id));
  return key !== undefined && (key.expiresAt === null || key.expiresAt > ctx.clock.now());
}
