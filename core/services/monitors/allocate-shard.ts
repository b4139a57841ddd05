import { asc, eq, lt, sql } from 'drizzle-orm';
import type { Transaction } from '#core/context.ts';
import { shards } from '#db/schema.ts';
import { SHARD_MONITORS_MAX } from '#domain/wire/wire.ts';
import { newId } from '../new-id.ts';
import type { RequestUnit } from '../request-context.ts';

/** Names the advisory lock under which shards are opened; nothing else of this database takes one of this number. */
const OPENING_LOCK = 7_401_001;

/**
 * Takes a place in the oldest shard that has one, or opens a new shard. The row of the shard is locked from here to the
 * commit, and every other creation waits for it: the caller does before this whatever it can.
 */
export async function allocateShard(ctx: RequestUnit): Promise<string> {
  return (await takePlace(ctx.db)) ?? openShard(ctx);
}

/** The shard whose count has grown; null when all are full, or the last place was taken while this waited for it. */
async function takePlace(tx: Transaction): Promise<string | null> {
  const oldest = tx
    .select({ id: shards.id })
    .from(shards)
    .where(lt(shards.monitorCount, SHARD_MONITORS_MAX))
    .orderBy(asc(shards.id))
    .limit(1)
    .for('no key update');
  const [taken] = await tx
    .update(shards)
    .set({ monitorCount: sql`${shards.monitorCount} + 1` })
    .where(eq(shards.id, sql`(${oldest})`))
    .returning({ id: shards.id });
  return taken?.id ?? null;
}

/** Shards are opened one after another: all who saw the last one fill up find a place in the first that is opened. */
async function openShard(ctx: RequestUnit): Promise<string> {
  await ctx.db.execute(sql`SELECT pg_advisory_xact_lock(${OPENING_LOCK})`);
  const opened = await takePlace(ctx.db);
  if (opened !== null) return opened;
  const id = newId(ctx, 'shd');
  await ctx.db.insert(shards).values({ id, monitorCount: 1, createdAt: ctx.clock.now() });
  return id;
}

/** Releases a place of the shard. */
export async function releaseShard(tx: Transaction, shardId: string): Promise<void> {
  await tx
    .update(shards)
    .set({ monitorCount: sql`${shards.monitorCount} - 1` })
    .where(eq(shards.id, shardId));
}
