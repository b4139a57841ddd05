import type { CoreContext, Database, Transaction } from './context.ts';
import { postgresCode } from './platform/postgres-code.ts';

/**
 * A unit of work is one transaction: its changes happen together or not at all, on one connection.
 *
 * `inUnit(ctx, async (ctx) => …)` gives the work a context of its own. Its `db` is the transaction, and it has no
 * other way to the database: neither the pool nor what would use the pool, call the edge or tell browsers before
 * the commit (`Outside`). A transaction that waits for a second connection of its pool stops the whole core as soon
 * as every connection is held by a transaction that waits. The parameter of the work is called `ctx` like the
 * context outside, which it hides: the compiler then refuses code of the work that reaches for the pool.
 *
 * What a function may do is in its parameter:
 * - `CoreContext` (or RequestContext): opens units, reads from the pool, talks to the outside.
 * - `Reader`: reads, from the pool or inside a unit.
 * - `UnitOfWork`: writes; only inside a unit.
 */

/** Members of the core that a unit of work does not have: each takes a connection, or is too early before a commit. */
type Outside = Pick<CoreContext, 'sql' | 'db' | 'streams' | 'live' | 'edge' | 'tokens'>;

/** Everything of the core that has no connection in it: settings, clock, logger, keys, figures. */
type Ambient = Omit<CoreContext, keyof Outside>;

export interface Reader extends Ambient {
  readonly db: Database | Transaction;
}

export interface UnitOfWork extends Ambient {
  readonly db: Transaction;
}

/** A context as it is inside a unit of work: with what else it carries, for instance the caller of a request. */
type UnitOf<C> = Omit<C, keyof Outside> & UnitOfWork;

/** PostgreSQL ended one of two transactions that waited for each other: nothing was done, and doing it again is right. */
const TRY_AGAIN: ReadonlySet<string> = new Set(['40001', '40P01']);
/** A third collision in a row means trouble that trying does not end. */
const ATTEMPTS_MAX = 3;

/** Transactions that are open now; `failure` is set when a unit inside has thrown. */
const open = new WeakMap<Database | Transaction, { failure?: { readonly error: unknown } }>();

type TransactionOptions = Parameters<Database['transaction']>[1];

/**
 * Runs `work` in a transaction, once more when it lost a deadlock: it must touch nothing but its context. Inside a
 * unit of work it joins the one that is open. Joined units fail together: when `work` throws, the whole unit is
 * rolled back, also when somebody in between catches the error. `options` are those of the transaction, so a unit
 * that joins another cannot have any.
 */
export async function inUnit<C extends CoreContext, T>(
  ctx: C,
  work: (ctx: UnitOf<C>) => Promise<T>,
  options?: TransactionOptions,
): Promise<T>;
export async function inUnit<C extends UnitOfWork, T>(ctx: C, work: (ctx: UnitOf<C>) => Promise<T>): Promise<T>;
export async function inUnit<C extends CoreContext | UnitOfWork, T>(
  ctx: C,
  work: (ctx: UnitOf<C>) => Promise<T>,
  options?: TransactionOptions,
): Promise<T> {
  const joined = open.get(ctx.db);
  if (joined === undefined) return begin(ctx, work, options);
  try {
    return await work(ctx as unknown as UnitOf<C>);
  } catch (error) {
    joined.failure ??= { error };
    throw error;
  }
}

async function begin<C extends CoreContext | UnitOfWork, T>(
  ctx: C,
  work: (ctx: UnitOf<C>) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ctx.db.transaction((tx) => runIn(tx, ctx, work), options);
    } catch (error) {
      const code = postgresCode(error);
      if (code === null || !TRY_AGAIN.has(code) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function runIn<C extends object, T>(tx: Transaction, ctx: C, work: (ctx: UnitOf<C>) => Promise<T>): Promise<T> {
  const unit: { failure?: { readonly error: unknown } } = {};
  open.set(tx, unit);
  const done = await work(unitOf(ctx, tx));
  if (unit.failure !== undefined) throw unit.failure.error;
  return done;
}

function unitOf<C extends object>(ctx: C, tx: Transaction): UnitOf<C> {
  const inside: Partial<Record<keyof Outside, unknown>> = { ...ctx };
  for (const name of OUTSIDE) delete inside[name];
  return { ...inside, db: tx } as unknown as UnitOf<C>;
}

const OUTSIDE = Object.keys({
  sql: true,
  db: true,
  streams: true,
  live: true,
  edge: true,
  tokens: true,
} satisfies Record<keyof Outside, true>) as (keyof Outside)[];
