import { and, asc, eq, type SQL } from 'drizzle-orm';
import type { Database, Transaction } from '#core/context.ts';
import { memberships, organizations, users } from '#db/schema.ts';
import type { Account } from '#domain/api/account.ts';

/** A user in an organisation: the given one, or the first that they joined. */
export async function findAccount(
  db: Database | Transaction,
  user: SQL,
  organizationId?: string,
): Promise<{ account: Account; passwordHash: string } | null> {
  const [row] = await db
    .select({ user: users, organization: organizations, role: memberships.role })
    .from(users)
    .innerJoin(memberships, eq(memberships.userId, users.id))
    .innerJoin(organizations, eq(organizations.id, memberships.organizationId))
    .where(and(user, organizationId === undefined ? undefined : eq(organizations.id, organizationId)))
    .orderBy(asc(memberships.createdAt))
    .limit(1);
  if (row === undefined) return null;
  const account = {
    user: {
      id: row.user.id,
      email: row.user.email,
      name: row.user.name,
      createdAt: row.user.createdAt.toISOString(),
    },
    organization: { id: row.organization.id, name: row.organization.name, role: row.role },
    installationOwner: row.user.installationOwner,
  };
  return { account, passwordHash: row.user.passwordHash };
}
