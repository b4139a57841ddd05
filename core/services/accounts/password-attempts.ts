import { createHash } from 'node:crypto';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { forgetAttempts, takeAttempt, takeBackAttempt } from '#db/sql/password-attempts.ts';

/**
 * Guessing has to be slow for one account, however many addresses it comes from. A person who has forgotten a password
 * does not need a hundred attempts; NIST SP 800-63B allows no more. A wait of an hour leaves a guesser 24 attempts a
 * day, and an owner without a known device is back within the hour.
 */
const LIMITS = {
  freeMax: 100,
  windowSeconds: 60 * 60,
  waitSeconds: 60,
  waitSecondsMax: 60 * 60,
  rememberedSeconds: 24 * 60 * 60,
} as const;

/**
 * Whose attempts are counted together. Those of a known device are counted apart, so that strangers cannot lock it out;
 * an e-mail is counted whether it has an account or not, so that the answers do not tell.
 */
type AttemptSubject =
  | { readonly email: string }
  | { readonly device: string }
  /** Somebody who is signed in and names the present password. */
  | { readonly userId: string };

/** Compares a password within the limits. Throws too_many_attempts, without comparing, while there is a wait. */
export async function withinAttempts(
  ctx: Pick<CoreContext, 'db' | 'clock' | 'metrics'>,
  whose: AttemptSubject,
  compare: () => Promise<boolean>,
): Promise<boolean> {
  const subject = nameOf(whose);
  const now = ctx.clock.now();
  const taken = await takeAttempt(ctx.db, subject, now, LIMITS);
  if ('waitUntil' in taken) {
    ctx.metrics.increment('password_attempts_delayed_total');
    throw tooMany(Math.max(1, Math.ceil((taken.waitUntil.getTime() - now.getTime()) / 1000)));
  }
  await forgetAttempts(ctx.db, now, LIMITS);
  const right = await compare();
  if (right) await takeBackAttempt(ctx.db, subject, taken.number, LIMITS);
  return right;
}

/** Hashed: the table must not be a list of the addresses that somebody has tried. */
function nameOf(whose: AttemptSubject): string {
  const [[kind, name] = []] = Object.entries(whose);
  return createHash('sha256').update(`${kind}\n${name}`).digest('base64url');
}

function tooMany(seconds: number): ProblemError {
  return new ProblemError(
    'too_many_attempts',
    `Try again in ${seconds} s, or on a device on which you have signed in before.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}
