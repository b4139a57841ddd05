import {
  createExecutionContext,
  createScheduledController,
  evictDurableObject,
  runInDurableObject,
  waitOnExecutionContext,
} from 'cloudflare:test';
import { expect, it } from 'vitest';
import { LOCATION_IDS } from '#domain/check/location.ts';
import type { AssignedMonitor } from '#domain/wire/wire.ts';
import {
  assign,
  assignmentOf,
  behave,
  bindings,
  eventsOf,
  hitsOf,
  newMonitor,
  newShardName,
  shardOf,
  until,
  untilEvents,
  untilResults,
  world,
} from '#tests/edge/shard.ts';
import type { MonitorShard } from './monitor-shard.ts';
import { assignmentContext, StateSeal } from './state-seal.ts';
import worker from './worker.ts';

const TOKEN = 'tok-3f1b8c0a';

/** A monitor that sends the token in each part of its request. */
function secretive(): AssignedMonitor & { target: string } {
  const monitor = newMonitor();
  // The target of these tests tells the User-Agent that it was sent.
  const headers = { authorization: `Bearer ${TOKEN}`, 'user-agent': TOKEN };
  const config = { ...monitor.config, method: 'POST', headers, body: `key=${TOKEN}` };
  return { ...monitor, config } as AssignedMonitor & { target: string };
}

/** Everything that the shard stores, as text. */
function storedBy(shard: string): Promise<string> {
  return runInDurableObject<MonitorShard, string>(shardOf(shard), (_, { storage }) => {
    const tables = storage.sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    return JSON.stringify([...tables].map(({ name }) => [...storage.sql.exec(`SELECT * FROM "${name}"`)]));
  });
}

async function replaceStored(shard: string, { id }: { id: string }, assigned: string): Promise<void> {
  await runInDurableObject<MonitorShard, void>(shardOf(shard), (_, { storage }) => {
    storage.sql.exec('UPDATE monitors SET assigned = ? WHERE id = ?', assigned, id);
  });
  await evictDurableObject(shardOf(shard));
}

async function checkAgain(shard: string, monitor: { id: string }): Promise<void> {
  const before = (await hitsOf(monitor)).length;
  expect(await shardOf(shard).checkNow(monitor.id, Date.now())).toBe(true);
  await until('another check', async () => (await hitsOf(monitor)).length > before);
}

it('an assignment is sealed in the storage, opened after an eviction, and sent as it was written', async () => {
  const [shard, monitor] = [newShardName(), secretive()];
  await assign(shard, 1, [monitor]);
  await untilEvents(shard, 'round.judged', 1);
  expect(await storedBy(shard)).not.toContain(TOKEN);
  await evictDurableObject(shardOf(shard));
  await checkAgain(shard, monitor);
  expect((await hitsOf(monitor)).at(-1)?.userAgent).toBe(TOKEN);
  expect(await storedBy(shard)).not.toContain(TOKEN);
});

it('what an earlier version stored in clear text is read, and sealed', async () => {
  const [shard, monitor] = [newShardName(), secretive()];
  await assign(shard, 1, [monitor]);
  await untilEvents(shard, 'round.judged', 1);
  const { target: _target, ...assigned } = monitor;
  await replaceStored(shard, monitor, JSON.stringify(assigned));
  await checkAgain(shard, monitor);
  expect(await storedBy(shard)).not.toContain(TOKEN);
});

it('what was sealed under another key is asked of the core again; status and alert go on', async () => {
  const [shard, monitor] = [newShardName(), secretive()];
  await behave(monitor, { status: 500 });
  await assign(shard, 1, [monitor]);
  await untilEvents(shard, 'alert.triggered', 1);
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const other = new StateSeal(JSON.stringify(await crypto.subtle.exportKey('jwk', pair.privateKey)));
  const { target: _target, ...assigned } = monitor;
  await replaceStored(shard, monitor, await other.seal(JSON.stringify(assigned), assignmentContext(monitor.id)));
  expect(await shardOf(shard).inspect()).toMatchObject({ monitors: 0, notUnderstood: 1 });

  const publish = (path: string, value: unknown) =>
    fetch(`${world.coreUrl}${path}`, { method: 'PUT', body: JSON.stringify(value) });
  await publish('/edge/v1/directory', { v: 1, shards: [{ shard, version: 1 }], pages: [] });
  await publish(`/edge/v1/shards/${shard}/assignment`, assignmentOf(shard, 1, [monitor]));
  const context = createExecutionContext();
  await worker.scheduled(createScheduledController(), bindings);
  await waitOnExecutionContext(context);

  expect(await shardOf(shard).inspect()).toMatchObject({ monitors: 1, notUnderstood: 0 });
  await checkAgain(shard, monitor);
  await untilResults(shard, LOCATION_IDS.length + 1);
  const alerts = (await eventsOf(shard)).filter(({ kind }) => kind === 'alert.triggered');
  expect(alerts).toHaveLength(1);
  await evictDurableObject(shardOf(shard));
  expect(await shardOf(shard).inspect()).toMatchObject({ monitors: 1, notUnderstood: 0 });
});

it('a sealed text opens with its own key, for its own context, unchanged', async () => {
  const seal = new StateSeal(world.edgePrivateJwk);
  const sealed = await seal.seal('{"a":1}', 'monitor:one');
  expect(await new StateSeal(world.edgePrivateJwk).open(sealed, 'monitor:one')).toBe('{"a":1}');
  expect(await seal.open(sealed, 'monitor:two')).toBeNull();
  expect(await seal.open(`${sealed.slice(0, -4)}AAAA`, 'monitor:one')).toBeNull();
  expect(await seal.open('v1.', 'monitor:one')).toBeNull();
  expect(await seal.seal('{"a":1}', 'monitor:one')).not.toBe(sealed);
});
