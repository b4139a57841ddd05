import type { PageSnapshot } from '#domain/page/snapshot.ts';
import type { AssignmentEnvelope } from '#domain/wire/wire.ts';
import type { CoordinatorEnv } from './env.ts';
import { pageDirectoryOf } from './page-directory.ts';
import { understood } from './understood-assignment.ts';
import { inventoryOf } from './uplink.ts';

/** Orders of the core, received in a request or found by the reconciliation. */

interface Applied {
  readonly applied: boolean;
  readonly version: number;
}

/** The inventory lists the shard before the shard exists, because the cron revives listed shards only. */
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

/** Ends a shard that the core no longer has. The inventory forgets it when the core has all of its events. */
export async function stopShard(env: CoordinatorEnv, shard: string): Promise<void> {
  const { drained } = await env.MONITOR_SHARD.getByName(shard).stop();
  if (drained) await inventoryOf(env).forgetShard(shard);
}
