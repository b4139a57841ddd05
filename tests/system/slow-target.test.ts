import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Monitor } from '#domain/api/monitor.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { type Product, start } from '../harness/product.ts';
import { createMonitor, INTERVAL_SECONDS, newScene, type Scene, settleIn } from '../harness/scene.ts';
import { examineSlots, readResults } from '../harness/slots.ts';

/** `npm run bench -- slow-target` does the same with 199. */
const FAST_MONITORS = 19;
const SLOW_MS = 25_000;
/** Half an interval, a tenth of the slow answer. The bench measures the delay in milliseconds. */
const ON_TIME_MS = 2500;

describe('a target that answers after 25 s', () => {
  let scene: Scene;
  let product: Product;
  let api: ApiClient;

  beforeAll(async () => {
    scene = await newScene();
    scene.target.behave((request, response) => {
      if (request.url !== '/slow') response.end('ok');
      else setTimeout(() => response.end('at last'), SLOW_MS);
    });
    product = await start(scene.installation);
    api = await settleIn(scene);
  });
  afterAll(async () => {
    await product?.killTree();
    await scene?.close();
  });

  it('delays no slot of the monitors that share its shard', async () => {
    const slow = await createMonitor(api, 'Slow', `${scene.target.url}slow`, {
      intervalSeconds: 60,
      timeoutMs: 30_000,
    });
    const fast: Monitor[] = [];
    for (let n = 1; n <= FAST_MONITORS; n += 1) fast.push(await createMonitor(api, `Fast ${n}`, scene.target.url));

    const slowResults = await eventually(
      'the slow answers',
      async () => {
        const results = await readResults(api, slow.id);
        return results.length >= LOCATION_IDS.length && results;
      },
      60_000,
    );
    expect(slowResults.every((result) => result.outcome === 'success')).toBe(true);
    expect(Math.min(...slowResults.map((result) => result.responseTimeMs ?? 0))).toBeGreaterThanOrEqual(SLOW_MS);
    for (const monitor of fast) {
      const results = await readResults(api, monitor.id);
      for (const location of LOCATION_IDS) {
        expect(examineSlots(results, location, INTERVAL_SECONDS)).toMatchObject({
          holes: [],
          duplicates: [],
          missed: [],
        });
      }
      // The first round starts at the creation of the monitor, not on the grid.
      const first = Math.min(...results.map((result) => Date.parse(result.scheduledAt)));
      const late = results.filter(
        (result) =>
          Date.parse(result.scheduledAt) > first &&
          Date.parse(result.startedAt) - Date.parse(result.scheduledAt) > ON_TIME_MS,
      );
      expect(late).toEqual([]);
    }
  });
});
