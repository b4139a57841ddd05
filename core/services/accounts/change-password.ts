import { and, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { users } from '#db/schema.ts';
import type { passwordChangeSchema } from '#domain/api/account.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { invalid } from '../validated.ts';
import { requireUncommon } from './common-passwords.ts';
import { endOthers } from './end-other-sessions.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { withinAttempts } from './password-attempts.ts';
import { requireUser } from './require-user.ts';

/**
 * Changes the user's own password and ends all of their other sessions. The present password is asked for, because
 * whoever sits down at an unlocked screen must not be able to take the account over; a wrong one is counted.
 */
export async function changePassword(
  ctx: RequestContext,
  { currentPassword, newPassword }: z.output<typeof passwordChangeSchema>,
): Promise<void> {
  const { userId } = requireUser(ctx);
  await requireUncommon(newPassword, 'newPassword');
  const [user] = await ctx.db.select({ passwordHash: users.passwordHash }).from(users).where(eq(users.id, userId));
  const held = user?.passwordHash;
  if (!(await withinAttempts(ctx, { userId }, () => verifyPassword(held, currentPassword)))) {
    throw invalid('currentPassword', 'is not your present password');
  }
  const passwordHash = await hashPassword(newPassword);
  await inUnit(ctx, async (ctx) => {
    const changed = await ctx.db
      .update(users)
      .set({ passwordHash })
      // Of two changes at one moment, the second was made with a password that was right no longer.
      .where(and(eq(users.id, userId), eq(users.passwordHash, held ?? '')))
      .returning({ id: users.id });
    if (changed.length === 0) throw new ProblemError('conflict', 'The password was changed a moment ago.');
    const sessionsEnded = await endOthers(ctx);
    await recordAudit(ctx, {
      action: 'account.change_password',
      targetType: 'user',
      targetId: userId,
      after: { sessionsEnded },
    });
  });
}
