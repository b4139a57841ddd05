import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { newScene, type Scene } from '../harness/scene.ts';
import { mountTmpfs, type Tmpfs, whyNoTmpfs } from '../harness/tmpfs.ts';
import { ALL_WELL, type FaultyInstallation, startFaultyInstallation } from './faulty-installation.ts';

/** The database, its log of writes and the edge take 80 MB. */
const DISK_MEGABYTES = 200;
/** Three intervals of 5 s and a minute, and the time until the disk has taken the last write. */
const UNKNOWN_MS = 110_000;
const TEST_MS = 240_000;

const reason = whyNoTmpfs();
if (reason !== null) console.warn(`SKIPPED, the full disk was not tested: no tmpfs can be mounted here (${reason}).`);

/** A row of the table "What is said when a part breaks" of docs/operations.md. */
describe.skipIf(reason !== null)('the disk with the data directory is full', () => {
  let scene: Scene;
  let disk: Tmpfs;
  let installation: FaultyInstallation;

  beforeAll(async () => {
    scene = await newScene();
    disk = mountTmpfs(scene.installation.dataDir, DISK_MEGABYTES);
    installation = await startFaultyInstallation(scene);
  });
  afterAll(async () => {
    await installation?.product.killTree();
    disk?.unmount();
    await scene?.close();
  });

  it(
    'readiness and writes name the cause, and the page says that it knows nothing',
    async () => {
      disk.fill();
      const core = await eventually('the core says so', async () => {
        const { core } = await installation.ask();
        return core.dependencies?.disk === 'full' && core;
      });
      expect(core.status).toBe(503);
      expect(core.reasons?.disk).toMatch(/is full/);
      const edge = await eventually('the edge says so', async () => {
        const { edge } = await installation.ask();
        return edge.dependencies?.storage === 'full' && edge;
      });
      expect([edge.status, edge.reasons?.storage]).toEqual([503, expect.stringMatching(/is full/)]);
      await eventually(
        'writes are refused with the cause',
        async () => {
          const { write } = await installation.ask();
          expect(write).toBe('503 storage_full');
          return true;
        },
        UNKNOWN_MS,
      );
      await eventually(
        'the page says that it does not know',
        async () => {
          const { alive, page } = await installation.ask();
          expect([alive, page]).toEqual([200, 'No current data']);
          return true;
        },
        UNKNOWN_MS,
      );
    },
    TEST_MS,
  );

  it(
    'all is well again as soon as there is room',
    async () => {
      disk.drain();
      await eventually(
        'all is well',
        async () => {
          const told = await installation.ask();
          expect(told).toMatchObject({ core: { status: 200 }, edge: { status: 200 }, read: '200', write: '201' });
          expect(told.page).toBe(ALL_WELL);
          return true;
        },
        UNKNOWN_MS,
      );
    },
    TEST_MS,
  );
});
