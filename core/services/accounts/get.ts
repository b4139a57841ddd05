import { eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { users } from '#db/schema.ts';
import type { Account } from '#domain/api/account.ts';
import type { RequestContext } from '../request-context.ts';
import { findAccount } from './find-account.ts';

/** The signed-in user. An API key is not a user: `forbidden`. */
export async function getAccount(ctx: RequestContext): Promise<Account> {
  const { actor, credential, organizationId } = ctx.caller;
  if (credential.type !== 'session' || actor.id === null) {
    throw new ProblemError('forbidden', 'An API key has no account of its own.');
  }
  const found = await findAccount(ctx.db, eq(users.id, actor.id), organizationId);
  if (found === null) throw new ProblemError('session_expired');
  return found.account;
}
