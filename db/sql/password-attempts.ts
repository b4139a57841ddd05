import { sql } from 'drizzle-orm';
import type { Executor } from './executor.ts';

/** How many attempts are free, and how long the others wait. */
interface AttemptLimits {
  /** Attempts without a wait, and the seconds after which they are free again. */
  readonly freeMax: number;
  readonly windowSeconds: number;
  /** The wait after the last free attempt; each further attempt doubles it, up to `waitSecondsMax`. */
  readonly waitSeconds: number;
  readonly waitSecondsMax: number;
  /** After this many seconds without an attempt nothing is remembered. */
  readonly rememberedSeconds: number;
}

/**
 * Counts an attempt unless it has to wait. Answers its number, or until when it waits. One statement decides: of any
 * number of attempts at one moment, no more are let through than one after another would be.
 */
export async function takeAttempt(
  db: Executor,
  subject: string,
  now: Date,
  limits: AttemptLimits,
): Promise<{ number: number } | { waitUntil: Date }> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const { freeMax, windowSeconds, waitSeconds, waitSecondsMax, rememberedSeconds } = limits;
  const [taken] = await db.execute(sql`
    INSERT INTO password_attempts AS held (subject, attempts, counted_since, last_at)
    VALUES (${subject}, 1, ${at}, ${at})
    ON CONFLICT (subject) DO UPDATE SET (attempts, counted_since, last_at, wait_until) = (
      SELECT number, CASE WHEN number = 1 THEN ${at} ELSE held.counted_since END, ${at},
        CASE WHEN number >= ${freeMax}::int THEN
          ${at} + make_interval(secs => least(${waitSeconds}::int * power(2, least(number - ${freeMax}::int, 30)), ${waitSecondsMax}::int))
        END
      FROM (
        SELECT CASE
          WHEN held.last_at <= ${at} - make_interval(secs => ${rememberedSeconds}::int) THEN 1
          WHEN held.attempts < ${freeMax}::int AND held.counted_since <= ${at} - make_interval(secs => ${windowSeconds}::int) THEN 1
          ELSE held.attempts + 1 END AS number
      ) AS counted
    )
    WHERE held.wait_until IS NULL OR held.wait_until <= ${at}
    RETURNING attempts`);
  if (taken !== undefined) return { number: Number(taken.attempts) };
  const [held] = await db.execute(sql`
    SELECT extract(epoch FROM wait_until)::float8 AS seconds FROM password_attempts WHERE subject = ${subject}`);
  // A wait that has just ended is none.
  return { waitUntil: held?.seconds == null ? now : new Date(Number(held.seconds) * 1000) };
}

/** Takes an attempt back that was right. A wait that began with it ends; one that another attempt caused goes on. */
export async function takeBackAttempt(
  db: Executor,
  subject: string,
  number: number,
  limits: AttemptLimits,
): Promise<void> {
  const endsWait = number >= limits.freeMax;
  await db.execute(sql`
    UPDATE password_attempts SET attempts = greatest(attempts - 1, 0),
      wait_until = CASE WHEN ${endsWait} THEN NULL ELSE wait_until END
    WHERE subject = ${subject}`);
}

/** Rows deleted at once: more than one attempt adds, so that the table shrinks. */
const FORGOTTEN_AT_ONCE = 100;

/** Deletes what is remembered no longer. Rows that an attempt holds are left to the next call. */
export async function forgetAttempts(db: Executor, now: Date, limits: AttemptLimits): Promise<void> {
  const before = (seconds: number) => sql`${new Date(now.getTime() - seconds * 1000).toISOString()}::timestamptz`;
  await db.execute(sql`
    DELETE FROM password_attempts WHERE subject IN (
      SELECT subject FROM password_attempts
      WHERE last_at <= ${before(limits.windowSeconds)}
        AND (attempts < ${limits.freeMax}::int OR last_at <= ${before(limits.rememberedSeconds)})
      ORDER BY last_at LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED
    )`);
}
