import { count, eq } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { alertRules, apiKeys, channels, monitors, organizations, statusPages } from '#db/schema.ts';
import type { RequestUnit } from './request-context.ts';

/** The tables of what an organisation may have only so many of, by their names in `Config.quotas`. */
const COUNTED = { monitors, apiKeys, statusPages, channels, alertRules } as const;
const WORDS = {
  monitors: 'monitors',
  apiKeys: 'API keys',
  statusPages: 'status pages',
  channels: 'channels',
  alertRules: 'alert rules',
} as const satisfies Record<keyof typeof COUNTED, string>;

export type Quotas = Readonly<Record<keyof typeof COUNTED, number>>;

/**
 * For the transaction that is to add one more: throws quota_exceeded when the organisation has all it may have. Until
 * that transaction's end the organisation adds nothing else of the kind, so that no number of parallel requests goes
 * beyond the quota.
 */
export async function requireQuota(ctx: RequestUnit, noun: keyof Quotas): Promise<void> {
  const table = COUNTED[noun];
  const max = ctx.config.quotas[noun];
  await lockOrganization(ctx);
  const [held] = await ctx.db
    .select({ count: count() })
    .from(table)
    .where(eq(table.organizationId, ctx.caller.organizationId));
  if ((held?.count ?? 0) < max) return;
  throw new ProblemError('quota_exceeded', `An organisation may have ${max} ${WORDS[noun]}; delete one first.`);
}

/** Not FOR UPDATE: rows that refer to the organisation can be written meanwhile. */
export async function lockOrganization({ db, caller }: RequestUnit): Promise<void> {
  await db
    .select({ id: organizations.id })
    .from(organizations)
    .where(eq(organizations.id, caller.organizationId))
    .for('no key update');
}
