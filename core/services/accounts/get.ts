import { eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { users } from '#db/schema.ts';
import type { Account } from '#domain/api/account.ts';
import type { RequestContext } from '../request-context.ts';
import { findAccount } from './find-account.ts';
import { requireUser } from './require-user.ts';

/** The signed-in user. */
export async function getAccount(ctx: RequestContext): Promise<Account> {
  const { userId } = requireUser(ctx);
  const found = await findAccount(ctx.db, eq(users.id, userId), ctx.caller.organizationId);
  if (found === null) throw new ProblemError('session_expired');
  return found.account;
}
