import { asc, eq, lt, sql } from 'drizzle-orm';
import type { Transaction } from '#core/context.ts';
import { shards } from '#db/schema.ts';
import { SHARD_MONITORS_MAX } from '#domain/wire/wire.ts';
import { newId } from '../new-id.ts';
import type { RequestUnit } from '../request-context.ts';

/** Takes a place in the oldest shard with room, or creates a shard. The row lock keeps the count correct. */
export async function allocateShard(ctx: RequestUnit): Promise<string> {
  const [free] = await ctx.db
    .select({ id: shards.id })
    .from(shards)
    .where(lt(shards.monitorCount, SHARD_MONITORS_MAX))
    .orderBy(asc(shards.id))
    .limit(1)
    .for('update');
  if (free === undefined) {
    const id = newId(ctx, 'shd');
    await ctx.db.insert(shards).values({ id, monitorCount: 1, createdAt: ctx.clock.now() });
    return id;
  }
  await ctx.db
    .update(shards)
    .set({ monitorCount: sql`${shards.monitorCount} + 1` })
    .where(eq(shards.id, free.id));
  return free.id;
}

/** Releases a place of the shard. */
export async function releaseShard(tx: Transaction, shardId: string): Promise<void> {
  await tx
    .update(shards)
    .set({ monitorCount: sql`${shards.monitorCount} - 1` })
    .where(eq(shards.id, shardId));
}
