import type { CoreContext, Database } from '#core/context.ts';
import type { TestCore } from '#tests/core/test-core.ts';
import { eventually } from '#tests/harness/eventually.ts';

/** Statements at once, more than the core's pools have connections, so that each connection gets one. */
const STATEMENTS_AT_ONCE = 20;

/** How a transaction fails: before it begins, before its commit, or after its commit with the answer lost. */
type Breakdown = 'before' | 'within' | 'after';

/** Breaks the connection to PostgreSQL at one of the next transactions. A retry succeeds. */
export class Breakdowns {
  #armed: { kind: Breakdown; countdown: number } | null = null;

  /** Breaks the `nth` transaction from now on. */
  arm(kind: Breakdown, nth: number): void {
    this.#armed = { kind, countdown: nth };
  }

  disarm(): void {
    this.#armed = null;
  }

  /** The same core with transactions that break as armed. */
  upon(ctx: CoreContext): CoreContext {
    const transaction: Database['transaction'] = async (work, config) => {
      const breakdown = this.#next();
      if (breakdown === 'before') throw connectionLost();
      const value = await ctx.db.transaction(async (tx) => {
        const done = await work(tx);
        if (breakdown === 'within') throw connectionLost();
        return done;
      }, config);
      if (breakdown === 'after') throw connectionLost();
      return value;
    };
    return { ...ctx, db: Object.create(ctx.db, { transaction: { value: transaction } }) as Database };
  }

  #next(): Breakdown | null {
    if (this.#armed === null) return null;
    this.#armed.countdown--;
    if (this.#armed.countdown > 0) return null;
    const { kind } = this.#armed;
    this.#armed = null;
    return kind;
  }
}

/** A process that is suspended at its next transaction, until it is thawed. */
export class Suspension {
  thaw: () => void = () => undefined;
  #reach: () => void = () => undefined;
  /** Resolves when the process is suspended. */
  readonly reached = new Promise<void>((resolve) => {
    this.#reach = resolve;
  });
  readonly #thawed = new Promise<void>((resolve) => {
    this.thaw = resolve;
  });

  upon(ctx: CoreContext): CoreContext {
    const transaction: Database['transaction'] = async (work, config) => {
      this.#reach();
      await this.#thawed;
      return ctx.db.transaction(work, config);
    };
    return { ...ctx, db: Object.create(ctx.db, { transaction: { value: transaction } }) as Database };
  }
}

/** Ends every connection of the core to PostgreSQL, as a restart of the server does. Resolves when all work again. */
export async function loseConnections({ ctx: { sql, db } }: TestCore): Promise<void> {
  await sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`;
  // Each connection gets a statement, so that each notices its end now.
  const statements = Array.from({ length: STATEMENTS_AT_ONCE });
  await eventually('every connection works', async () => {
    await Promise.all(statements.flatMap(() => [sql`SELECT 1`, db.execute('SELECT 1')]));
    return true;
  });
}

function connectionLost(): Error {
  return Object.assign(new Error('the connection was lost'), { code: 'CONNECTION_CLOSED' });
}
