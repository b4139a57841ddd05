import { eq, sql } from 'drizzle-orm';
import type { z } from 'zod';
import type { Database, Transaction } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit, type Reader } from '#core/unit-of-work.ts';
import { memberships, organizations, users } from '#db/schema.ts';
import type { Account, registerSchema } from '#domain/api/account.ts';
import { newId } from '../new-id.ts';
import { recordAudit } from '../record-audit.ts';
import type { ClientContext, ClientUnit } from './client.ts';
import { requireUncommon } from './common-passwords.ts';
import { hashPassword } from './password.ts';
import { type SignIn, signedInContext, startSession } from './session.ts';
import { requireSetupToken } from './setup-token.ts';

/**
 * Registers an account with an organisation of its own. The first account owns the installation and, from another
 * machine, needs the set-up token; later ones need BLACKTIDE_REGISTRATION=open.
 */
export async function register(ctx: ClientContext, input: z.output<typeof registerSchema>): Promise<SignIn> {
  if (await requireOpen(ctx)) requireSetupToken(ctx, input.setupToken);
  await requireUncommon(input.password, 'password');
  const passwordHash = await hashPassword(input.password);
  return inUnit(ctx, async (ctx) => {
    // Serialises registrations: of two concurrent first ones, the second finds an owner.
    await ctx.db.execute(sql`select pg_advisory_xact_lock(hashtextextended('blacktide.register', 0))`);
    const first = await requireOpen(ctx);
    const account = await insertAccount(ctx, input, passwordHash, first);
    const signIn = await startSession(ctx, account);
    await recordAudit(signedInContext(ctx, signIn), {
      action: 'account.register',
      targetType: 'user',
      targetId: account.user.id,
      after: account,
    });
    return signIn;
  });
}

/** True when the new account is the first. Throws registration_closed. */
async function requireOpen(ctx: Reader): Promise<boolean> {
  const first = !(await hasAccounts(ctx.db));
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
  ctx: ClientUnit,
  input: z.output<typeof registerSchema>,
  passwordHash: string,
  installationOwner: boolean,
): Promise<Account> {
  const [taken] = await ctx.db.select({ id: users.id }).from(users).where(eq(users.email, input.email));
  if (taken !== undefined) throw new ProblemError('email_taken');
  const createdAt = ctx.clock.now();
  const user = { id: newId(ctx, 'usr'), email: input.email, name: input.name, createdAt };
  const organization = { id: newId(ctx, 'org'), name: input.name };
  await ctx.db.insert(users).values({ ...user, passwordHash, installationOwner });
  await ctx.db.insert(organizations).values({ ...organization, createdAt });
  await ctx.db
    .insert(memberships)
    .values({ organizationId: organization.id, userId: user.id, role: 'owner', createdAt });
  return {
    user: { ...user, createdAt: createdAt.toISOString() },
    organization: { ...organization, role: 'owner' },
    installationOwner,
  };
}
