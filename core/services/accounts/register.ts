import { eq, sql } from 'drizzle-orm';
import type { z } from 'zod';
import type { CoreContext, Database, Transaction } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { memberships, organizations, users } from '#db/schema.ts';
import type { Account, registerSchema } from '#domain/api/account.ts';
import { inTransaction } from '../in-transaction.ts';
import { newId } from '../new-id.ts';
import { recordAudit } from '../record-audit.ts';
import type { ClientContext } from './client.ts';
import { hashPassword } from './password.ts';
import { type SignIn, signedInContext, startSession } from './session.ts';

/** The first account owns the installation; later ones need BLACKTIDE_REGISTRATION=open. Each gets its own organisation. */
export async function register(ctx: ClientContext, input: z.output<typeof registerSchema>): Promise<SignIn> {
  await requireOpen(ctx, ctx.db);
  const passwordHash = await hashPassword(input.password);
  return inTransaction(ctx, async (tx) => {
    // Two first registrations at once: the second waits here and then finds an owner.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('blacktide.register', 0))`);
    const first = await requireOpen(ctx, tx);
    const account = await insertAccount(tx, ctx, input, passwordHash, first);
    const signIn = await startSession(tx, ctx, account);
    await recordAudit(tx, signedInContext(ctx, signIn), {
      action: 'account.register',
      targetType: 'user',
      targetId: account.user.id,
      after: account,
    });
    return signIn;
  });
}

/** Throws registration_closed; true when the account to be made is the first. */
async function requireOpen(ctx: CoreContext, db: Database | Transaction): Promise<boolean> {
  const first = !(await hasAccounts(db));
  if (!first && ctx.config.registration === 'closed') {
    throw new ProblemError('registration_closed', 'This installation has its owner; ask them for access.');
  }
  return first;
}

export async function hasAccounts(db: Database | Transaction): Promise<boolean> {
  const [someone] = await db.select({ id: users.id }).from(users).limit(1);
  return someone !== undefined;
}

async function insertAccount(
  tx: Transaction,
  ctx: ClientContext,
  input: z.output<typeof registerSchema>,
  passwordHash: string,
  installationOwner: boolean,
): Promise<Account> {
  const [taken] = await tx.select({ id: users.id }).from(users).where(eq(users.email, input.email));
  if (taken !== undefined) throw new ProblemError('email_taken');
  const createdAt = ctx.clock.now();
  const user = { id: newId(ctx, 'usr'), email: input.email, name: input.name, createdAt };
  const organization = { id: newId(ctx, 'org'), name: input.name };
  await tx.insert(users).values({ ...user, passwordHash, installationOwner });
  await tx.insert(organizations).values({ ...organization, createdAt });
  await tx.insert(memberships).values({ organizationId: organization.id, userId: user.id, role: 'owner', createdAt });
  return {
    user: { ...user, createdAt: createdAt.toISOString() },
    organization: { ...organization, role: 'owner' },
    installationOwner,
  };
}
