import {
  createExecutionContext,
  createScheduledController,
  runInDurableObject,
  waitOnExecutionContext,
} from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Directory } from '#domain/wire/wire.ts';
import { newPage } from '#tests/edge/page.ts';
import {
  assign,
  assignmentOf,
  behave,
  bindings,
  eventsOf,
  hitsOf,
  newMonitor,
  newShardName,
  order,
  shardOf,
  until,
  untilEvents,
  untilResults,
  world,
} from '#tests/edge/shard.ts';
import type { MonitorShard } from './monitor-shard.ts';
import { inventoryOf } from './uplink.ts';
import worker from './worker.ts';

async function cron(env = bindings): Promise<void> {
  const context = createExecutionContext();
  await worker.scheduled(createScheduledController(), env);
  await waitOnExecutionContext(context);
}

/** Sets the answer of the core for a path. */
async function publish(path: string, value: unknown): Promise<void> {
  await fetch(`${world.coreUrl}${path}`, { method: 'PUT', body: JSON.stringify(value) });
}

function publishDirectory(directory: Partial<Directory>): Promise<void> {
  return publish('/edge/v1/directory', { v: 1, shards: [], pages: [], ...directory });
}

async function untilForgotten(shard: string): Promise<void> {
  await until('an empty outbox', async () => ((await shardOf(shard).inspect()).outboxDepth === 0 ? true : null));
  await cron();
  expect(await inventoryOf(bindings).shards()).not.toContain(shard);
}

describe('the cron', () => {
  beforeEach(() => publishDirectory({}));

  it('pulls what the edge does not have, or has in an older version', async () => {
    const [missing, behind] = [newShardName(), newShardName()];
    const page = newPage({ version: 7 });
    await assign(behind, 1, []);
    for (const shard of [missing, behind]) {
      await publish(`/edge/v1/shards/${shard}/assignment`, assignmentOf(shard, 2, [newMonitor()]));
    }
    await publish(`/edge/v1/pages/${page.slug}`, page);
    await publishDirectory({
      shards: [missing, behind].map((shard) => ({ shard, version: 2 })),
      pages: [{ slug: page.slug, version: 7 }],
    });
    await cron();
    expect(await shardOf(missing).inspect()).toMatchObject({ version: 2, monitors: 1 });
    expect(await shardOf(behind).inspect()).toMatchObject({ version: 2, monitors: 1 });
    expect((await bindings.STATUS_PAGES.getByName(page.slug).view())?.page.version).toBe(7);
  });

  it('stops a shard that the core no longer has, ends its alerts, and forgets it', async () => {
    const shard = newShardName();
    const page = newPage();
    const { componentId: _componentId, ...snapshot } = page;
    const monitor = newMonitor();
    await behave(monitor, { status: 500 });
    await assign(shard, 1, [monitor]);
    await order('PUT', `/edge/v1/pages/${page.slug}`, snapshot);
    await untilEvents(shard, 'alert.triggered', 1);
    await cron();
    expect((await shardOf(shard).inspect()).monitors).toBe(0);
    expect(await bindings.STATUS_PAGES.getByName(page.slug).view()).toBeNull();
    const [, ended] = await untilEvents(shard, 'alert.triggered', 2);
    expect(ended).toMatchObject({ to: 'resolved', cause: 'deleted' });
    await untilForgotten(shard);
  });

  it('follows a core whose database was put back to an earlier state', async () => {
    const shard = newShardName();
    const [later, earlier] = [newMonitor(), newMonitor()];
    const { componentId: _componentId, ...page } = newPage({ version: 9, name: 'Later' });
    await assign(shard, 9, [later]);
    await order('PUT', `/edge/v1/pages/${page.slug}`, page);
    await publish(`/edge/v1/shards/${shard}/assignment`, assignmentOf(shard, 4, [earlier]));
    await publish(`/edge/v1/pages/${page.slug}`, { ...page, version: 4, name: 'Earlier' });
    await publishDirectory({ shards: [{ shard, version: 4 }], pages: [{ slug: page.slug, version: 4 }] });
    await cron();
    expect(await shardOf(shard).inspect()).toMatchObject({ version: 4, monitors: 1 });
    await until('its check', async () => ((await hitsOf(earlier)).length > 0 ? true : null));
    expect((await bindings.STATUS_PAGES.getByName(page.slug).view())?.page.name).toBe('Earlier');
    // A later change takes effect at once.
    expect(await (await assign(shard, 5, [])).json()).toEqual({ applied: true, version: 5 });
  });

  it('asks again for what it did not understand, though the version is the same', async () => {
    const shard = newShardName();
    const monitor = newMonitor();
    const strange = { ...monitor, type: 'telepathy' } as unknown as typeof monitor;
    await assign(shard, 3, [strange]);
    await publish(`/edge/v1/shards/${shard}/assignment`, assignmentOf(shard, 3, [monitor]));
    await publishDirectory({ shards: [{ shard, version: 3 }] });
    await cron();
    expect(await shardOf(shard).inspect()).toMatchObject({ version: 3, monitors: 1, notUnderstood: 0 });
    await until('its check', async () => ((await hitsOf(monitor)).length > 0 ? true : null));
  });

  it('takes up again what it stopped, when the core knows it again in the same version', async () => {
    const shard = newShardName();
    const assignment = assignmentOf(shard, 3, [newMonitor()]);
    await assign(shard, 3, assignment.monitors);
    await cron();
    await untilForgotten(shard);
    await publish(`/edge/v1/shards/${shard}/assignment`, assignment);
    await publishDirectory({ shards: [{ shard, version: 3 }] });
    await cron();
    expect(await shardOf(shard).inspect()).toMatchObject({ version: 3, monitors: 1 });
  });

  it('sets lost alarms again without the core', async () => {
    const shard = newShardName();
    await assign(shard, 1, [newMonitor({ intervalSeconds: 5 })]);
    await untilResults(shard, 6);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (_, state) => state.storage.deleteAlarm());
    const checks = (await eventsOf(shard)).length;
    await cron({ ...bindings, CORE_URL: world.refusedUrl });
    expect((await shardOf(shard).inspect()).monitors).toBe(1);
    await until('the next round', async () => ((await eventsOf(shard)).length > checks ? true : null));
  });
});
