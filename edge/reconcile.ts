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

/** Time limit of a request to the core, within the minute between two crons. */
const ASK_TIMEOUT_MS = 10_000;

/**
 * The work of the cron, every minute. It wakes every shard, because an alarm may be lost. Then it fetches what the core
 * has in another version. An older version in the core means that its database was restored: the core's version counts.
 * Without the core only the shards are woken. At the same time the canaries are checked.
 */
export async function keepAliveAndReconcile(env: CoordinatorEnv): Promise<void> {
  const shards = await inventoryOf(env).shards();
  await Promise.all([reviveAndReconcile(env, shards), checkCanaries(env, shards)]);
}

async function reviveAndReconcile(env: CoordinatorEnv, shards: readonly string[]): Promise<void> {
  // Read before the core is asked, so that the core's version is older only after a restore.
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
    // An assignment that was not understood is fetched again, because edge or core may have been updated.
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
