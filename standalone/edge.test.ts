import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '#tests/harness/eventually.ts';
import { type Installation, newInstallation, type Product, start } from '#tests/harness/product.ts';
import { workerdPidFile } from './orphaned-workerd.ts';

/** Each look for a new workerd, on a busy machine. */
const LOOK_MS = 30_000;
const START_MS = 120_000;
/** Where the ports of the workerd that was left behind are asked for too early, every third start fails. */
const KILLS = 3;

describe('the edge on one machine', () => {
  let installation: Installation;
  let edge: Product;
  beforeAll(async () => {
    installation = await newInstallation();
    edge = await start(installation, { args: ['edge'] });
  }, START_MS);
  afterAll(async () => {
    await edge?.killTree();
    installation?.remove();
  });

  it(
    'starts again at once when its own process alone was killed, whose workerd still holds the port',
    async () => {
      for (let kill = 1; kill <= KILLS; kill += 1) {
        process.kill(edge.pid, 'SIGKILL');
        await edge.exited();
        edge = await start(installation, { args: ['edge'] });
      }
      expect((await fetch(`${installation.edgeOrigin}/healthz`)).status).toBe(200);
    },
    KILLS * LOOK_MS,
  );

  it(
    'starts workerd again when it was killed, and again when that one was killed while it started',
    async () => {
      const killed = new Set<number>();
      const workerd = () => Number(readFileSync(workerdPidFile(installation.dataDir), 'utf8'));
      const untilAnother = () => eventually('another workerd', () => !killed.has(workerd()) && workerd(), LOOK_MS);
      for (let kill = 1; kill <= 3; kill += 1) {
        const pid = await untilAnother();
        killed.add(pid);
        process.kill(pid, 'SIGKILL');
      }
      await untilAnother();
      await eventually(
        'it answers',
        async () => (await fetch(`${installation.edgeOrigin}/healthz`)).status === 200,
        LOOK_MS,
      );
      expect((await edge.stop()).code).toBe(0);
    },
    5 * LOOK_MS,
  );
});
