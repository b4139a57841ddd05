import type { CoreContext, Transaction } from '#core/context.ts';
import { postgresCode } from '#core/platform/postgres-code.ts';

/** PostgreSQL ended one of two transactions that waited for each other: nothing was done, and doing it again is right. */
const TRY_AGAIN: ReadonlySet<string> = new Set(['40001', '40P01']);
/** A third collision in a row means trouble that trying does not end. */
const ATTEMPTS_MAX = 3;

/** Runs a service's transaction; again when it lost a deadlock. `work` must touch nothing but `tx`. */
export async function inTransaction<T>(ctx: CoreContext, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ctx.db.transaction(work);
    } catch (error) {
      const code = postgresCode(error);
      if (code === null || !TRY_AGAIN.has(code) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}
