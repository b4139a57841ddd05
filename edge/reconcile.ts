import { pageSnapshotSchema } from '#domain/page/snapshot.ts';
import { assignmentEnvelopeSchema, type Directory, directorySchema } from '#domain/wire/wire.ts';
import { checkCanaries } from './canaries.ts';
import { askCore } from './core-client.ts';
import { eachOf } from './each-of.ts';
import type { CoordinatorEnv } from './env.ts';
import { log, reasonOf } from './log.ts';
import type { Revived } from './monitor-shard.ts';
import { putAssignment, putPage, removePage, stopShard } from './order.ts';
import { pageDirectoryOf } from './page-directory.ts';
import { inventoryOf } from './uplink.ts';

/** Well inside the minute between two crons. */
const ASK_TIMEOUT_MS = 10_000;

/**
 * The cron's work, every minute: wake every shard (an alarm may be lost), and bring to the edge whatever the
 * core has in another version. A version that is older there means that its database was put back to an earlier state:
 * what it says from now on counts. Without the core the first half still happens. Beside both the canaries are checked.
 */
export async function keepAliveAndReconcile(env: CoordinatorEnv): Promise<void> {
  const shards = await inventoryOf(env).shards();
  await Promise.all([reviveAndReconcile(env, shards), checkCanaries(env, shards)]);
}

async function reviveAndReconcile(env: CoordinatorEnv, shards: readonly string[]): Promise<void> {
  // Before the core is asked: what it has is then never older, unless it was put back.
  const pages = await pageDirectoryOf(env).list();
  const states = new Map<string, Revived>();
  await eachOf(shards, 'a shard could not be revived', async (shard) => {
    states.set(shard, await env.MONITOR_SHARD.getByName(shard).revive());
  });
  try {
    const directory = directorySchema.parse(await readCore(env, '/edge/v1/directory'));
    await reconcileShards(env, directory, shards, states);
    await reconcilePages(env, directory, new Map(pages.map((page) => [page.slug, page.version])));
  } catch (error) {
    log('warn', 'the core could not be asked what it has', { reason: reasonOf(error) });
  }
}

async function reconcileShards(
  env: CoordinatorEnv,
  directory: Directory,
  known: readonly string[],
  states: ReadonlyMap<string, Revived>,
): Promise<void> {
  const differing = directory.shards.filter(({ shard, version }) => {
    const state = states.get(shard);
    // What was not understood may be now: this edge, or what is stored, may have been put right.
    return version !== (state?.version ?? 0) || state?.understoodAll === false;
  });
  await eachOf(differing, 'an assignment could not be pulled', async ({ shard, version }) => {
    const path = `/edge/v1/shards/${encodeURIComponent(shard)}/assignment`;
    const assignment = assignmentEnvelopeSchema.parse(await readCore(env, path));
    if (version < (states.get(shard)?.version ?? 0))
      await env.MONITOR_SHARD.getByName(shard).rewind(assignment.version - 1);
    await putAssignment(env, assignment);
  });
  const wanted = new Set(directory.shards.map(({ shard }) => shard));
  const gone = known.filter((shard) => !wanted.has(shard));
  await eachOf(gone, 'a shard could not be stopped', (shard) => stopShard(env, shard));
}

async function reconcilePages(
  env: CoordinatorEnv,
  directory: Directory,
  versions: ReadonlyMap<string, number>,
): Promise<void> {
  const differing = directory.pages.filter(({ slug, version }) => version !== (versions.get(slug) ?? 0));
  await eachOf(differing, 'a status page could not be pulled', async ({ slug, version }) => {
    const path = `/edge/v1/pages/${encodeURIComponent(slug)}`;
    const snapshot = pageSnapshotSchema.parse(await readCore(env, path));
    if (version < (versions.get(slug) ?? 0)) await env.STATUS_PAGES.getByName(slug).rewind(snapshot.version - 1);
    await putPage(env, snapshot);
  });
  const wanted = new Set(directory.pages.map(({ slug }) => slug));
  const gone = [...versions.keys()].filter((slug) => !wanted.has(slug));
  await eachOf(gone, 'a status page could not be removed', (slug) => removePage(env, slug));
}

async function readCore(env: CoordinatorEnv, path: string): Promise<unknown> {
  const response = await askCore(env, 'GET', path, ASK_TIMEOUT_MS);
  if (!response.ok) throw new Error(`the core answered ${response.status} to ${path}`);
  return response.json();
}
