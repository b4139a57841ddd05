import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Monitor } from '#domain/api/monitor.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { launch, type Product, start } from '../harness/product.ts';
import { createMonitor, INTERVAL_SECONDS, newScene, type Scene, settleIn, untilStatus } from '../harness/scene.ts';
import { examineSlots, readResults } from '../harness/slots.ts';

/** Rounds that the edge makes while the core is down. */
const GAP_ROUNDS = 4;

describe('edge and core as two programs over one data directory', () => {
  let scene: Scene;
  let edge: Product;
  let core: Product;
  let api: ApiClient;
  let monitor: Monitor;
  let checks = 0;

  beforeAll(async () => {
    scene = await newScene();
    scene.target.behave((_request, response) => {
      checks += 1;
      response.end('ok');
    });
    core = launch(scene.installation, { args: ['core'] });
    edge = launch(scene.installation, { args: ['edge'] });
    await Promise.all([core.ready(), edge.ready()]);
    api = await settleIn(scene);
    monitor = await createMonitor(api, 'Target', scene.target.url);
    await untilStatus(api, monitor.id, 'up', 15_000);
  });
  afterAll(async () => {
    await edge?.killTree();
    await core?.killTree();
    await scene?.close();
  });

  it('goes on checking while the core is away, and hands over every result once when it is back', async () => {
    expect((await core.stop()).code).toBe(0);
    const gapFrom = Date.now();
    const wanted = checks + GAP_ROUNDS * LOCATION_IDS.length;
    await eventually('checks without a core', () => checks >= wanted, (GAP_ROUNDS + 2) * INTERVAL_SECONDS * 1000);
    const gapTo = Date.now();

    core = await start(scene.installation, { args: ['core'] });
    const results = await eventually(
      'the results of the gap',
      async () => {
        const stored = await readResults(api, monitor.id);
        return Date.parse(stored[0]?.scheduledAt ?? '') > gapTo && stored;
      },
      30_000,
    );
    for (const location of LOCATION_IDS) {
      const { holes, duplicates, missed } = examineSlots(results, location, INTERVAL_SECONDS);
      expect({ location, holes, duplicates, missed }).toEqual({ location, holes: [], duplicates: [], missed: [] });
      const inGap = results.filter((result) => result.location === location && startedWithin(result, gapFrom, gapTo));
      expect(inGap.length).toBeGreaterThanOrEqual(GAP_ROUNDS - 1);
    }
  });

  it('keeps all results and resumes its checks after kill -9 of both programs', async () => {
    const before = await readResults(api, monitor.id);
    await Promise.all([edge.killTree(), core.killTree()]);
    const killedAt = Date.now();

    // Edge and core run in one program from here on, on the same data directory.
    core = await start(scene.installation);
    const after = await eventually(
      'new results',
      async () => {
        const stored = await readResults(api, monitor.id);
        const fresh = stored.filter(
          (result) => Date.parse(result.startedAt) > killedAt && result.outcome === 'success',
        );
        return fresh.length >= 2 * LOCATION_IDS.length && stored;
      },
      30_000,
    );
    const ids = new Set(after.map((result) => result.id));
    expect(before.filter((result) => !ids.has(result.id))).toEqual([]);
    for (const location of LOCATION_IDS) {
      expect(examineSlots(after, location, INTERVAL_SECONDS)).toMatchObject({ holes: [], duplicates: [] });
    }
    await untilStatus(api, monitor.id, 'up', 15_000);
  });
});

function startedWithin(result: { startedAt: string }, from: number, to: number): boolean {
  const at = Date.parse(result.startedAt);
  return at >= from && at <= to;
}
