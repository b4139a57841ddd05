import type { PageSnapshot } from '#domain/page/snapshot.ts';
import type { AssignmentEnvelope } from '#domain/wire/wire.ts';
import type { CoordinatorEnv } from './env.ts';
import { pageDirectoryOf } from './page-directory.ts';
import { understood } from './understood-assignment.ts';
import { inventoryOf } from './uplink.ts';

/** What the core can order of the edge, whether it is told (fetch) or found out (reconciliation). */

interface Applied {
  readonly applied: boolean;
  readonly version: number;
}

/** The inventory learns of a shard first: one that is not listed would never be revived. */
export async function putAssignment(env: CoordinatorEnv, assignment: AssignmentEnvelope): Promise<Applied> {
  await inventoryOf(env).addShard(assignment.shard);
  return env.MONITOR_SHARD.getByName(assignment.shard).putAssignment(understood(assignment));
}

export async function putPage(env: CoordinatorEnv, snapshot: PageSnapshot): Promise<Applied> {
  const applied = await env.STATUS_PAGES.getByName(snapshot.slug).putSnapshot(snapshot);
  await pageDirectoryOf(env).put(snapshot.slug, applied.version);
  return applied;
}

export async function removePage(env: CoordinatorEnv, slug: string): Promise<void> {
  await env.STATUS_PAGES.getByName(slug).remove();
  await pageDirectoryOf(env).forget(slug);
}

/** Ends a shard that the core no longer has, and forgets it when all it had to say has been said. */
export async function stopShard(env: CoordinatorEnv, shard: string): Promise<void> {
  const { drained } = await env.MONITOR_SHARD.getByName(shard).stop();
  if (drained) await inventoryOf(env).forgetShard(shard);
}
