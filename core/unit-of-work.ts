import type { CoreContext, Database, Transaction } from './context.ts';
import { postgresCode } from './platform/postgres-code.ts';

/**
 * A unit of work is one transaction: its changes are committed together or not at all, on one connection.
 *
 * `inUnit(ctx, async (ctx) => …)` passes the work a context whose `db` is the transaction. That context has no other
 * access to the database, and nothing that uses the pool, calls the edge or emits to browsers before the commit
 * (`Outside`). A transaction that waits for a second connection of its pool blocks the whole core as soon as every
 * connection is held by such a transaction. The parameter of the work is called `ctx` like the outer context, which it
 * shadows: the compiler then refuses code of the work that uses the pool.
 *
 * The type of a function's parameter says what the function may do:
 * - `CoreContext` (or RequestContext): opens units, reads from the pool, calls other parts.
 * - `Reader`: reads, from the pool or inside a unit.
 * - `UnitOfWork`: writes, inside a unit only.
 */

/** Members of the core that a unit of work lacks: each takes a connection, or acts before the commit. */
type Outside = Pick<CoreContext, 'sql' | 'db' | 'streams' | 'live' | 'edge' | 'tokens'>;

/** Members of the core that use no connection: settings, clock, logger, keys, figures. */
type Ambient = Omit<CoreContext, keyof Outside>;

export interface Reader extends Ambient {
  readonly db: Database | Transaction;
}

export interface UnitOfWork extends Ambient {
  readonly db: Transaction;
}

/** A context inside a unit of work, with its other members, for instance the caller of a request. */
type UnitOf<C> = Omit<C, keyof Outside> & UnitOfWork;

/** PostgreSQL aborted one of two deadlocked or conflicting transactions: nothing was done, and a retry is safe. */
const TRY_AGAIN: ReadonlySet<string> = new Set(['40001', '40P01']);
/** Attempts of a unit. A third conflict in a row has a cause that retries do not remove. */
const ATTEMPTS_MAX = 3;

/** Open transactions; `failure` is set when a unit inside has thrown. */
const open = new WeakMap<Database | Transaction, { failure?: { readonly error: unknown } }>();

type TransactionOptions = Parameters<Database['transaction']>[1];

/**
 * Runs `work` in a transaction, and again when it lost a deadlock: the work must have no effect outside its context.
 * Inside a unit of work the call joins the open one. Joined units fail together: when `work` throws, the whole unit is
 * rolled back, even if a caller in between catches the error. `options` belong to the transaction, so a joining unit
 * cannot have any.
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
