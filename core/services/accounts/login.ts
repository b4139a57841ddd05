import { eq } from 'drizzle-orm';
import type { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { users } from '#db/schema.ts';
import type { loginSchema } from '#domain/api/account.ts';
import { recordAudit } from '../record-audit.ts';
import type { ClientContext } from './client.ts';
import { findAccount } from './find-account.ts';
import { knownDevice } from './known-device.ts';
import { verifyPassword } from './password.ts';
import { withinAttempts } from './password-attempts.ts';
import { type SignIn, signedInContext, startSession } from './session.ts';

/**
 * Signs in. Throws invalid_credentials, with equal timing for an unknown e-mail and a wrong password; and
 * too_many_attempts, for both alike.
 */
export async function login(ctx: ClientContext, input: z.output<typeof loginSchema>): Promise<SignIn> {
  const found = await findAccount(ctx.db, eq(users.email, input.email));
  const device = found === null ? null : knownDevice(ctx, found.account.user.id, ctx.deviceCookie);
  const whose = device === null ? { email: input.email } : { device };
  const right = await withinAttempts(ctx, whose, () => verifyPassword(found?.passwordHash, input.password));
  if (found === null || !right) {
    // Not in the audit log: a row written for known e-mails only would reveal by its time which accounts exist.
    ctx.logger.warn({ ip: ctx.ip, traceId: ctx.traceId }, 'a sign-in was refused');
    ctx.metrics.increment('sign_ins_refused_total');
    throw new ProblemError('invalid_credentials');
  }
  return inUnit(ctx, async (ctx) => {
    const signIn = await startSession(ctx, found.account);
    await recordAudit(signedInContext(ctx, signIn), {
      action: 'account.login',
      targetType: 'session',
      targetId: signIn.sessionId,
    });
    return signIn;
  });
}
