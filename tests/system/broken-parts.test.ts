import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { newScene, type Scene } from '../harness/scene.ts';
import { ALL_WELL, type FaultyInstallation, startFaultyInstallation, type Told } from './faulty-installation.ts';

/** A statement takes at most 10 s, and a server that is silent for 2 s more is given up. */
const DATABASE_ANSWER_MS = 15_000;
/** The port in front of workerd waits 10 s for an answer. */
const EDGE_ANSWER_MS = 13_000;
/** A busy machine needs this long to start workerd. */
const REVIVED_MS = 30_000;
const WELL = {
  alive: 200,
  core: { status: 200 },
  edge: { status: 200 },
  read: '200',
  write: '201',
  page: ALL_WELL,
} as const;

/** The rows of the table "What is said when a part breaks" of docs/operations.md. */
describe('what is said when a part breaks', () => {
  let scene: Scene;
  let installation: FaultyInstallation;

  beforeAll(async () => {
    scene = await newScene();
    installation = await startFaultyInstallation(scene);
  });
  afterAll(async () => {
    await installation?.product.killTree();
    await scene?.close();
  });

  const untilWell = () =>
    eventually('all is well again', async () => {
      const told = await installation.ask();
      expect(told).toMatchObject(WELL);
      return true;
    });
  const untilChecked = () => {
    const before = installation.checks();
    return eventually('the edge goes on checking', () => installation.checks() > before);
  };

  it('nothing: all is well', untilWell);

  it('PostgreSQL is frozen', async () => {
    const pids = installation.postgres();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      const told = await eventually('the core says so', async () => {
        const began = performance.now();
        const answers = await installation.ask();
        expect(performance.now() - began).toBeLessThan(DATABASE_ANSWER_MS);
        return answers.core.status === 503 && answers;
      });
      expect(told).toMatchObject({
        alive: 200,
        core: { status: 503, dependencies: { postgres: 'unavailable', stream: 'ok', disk: 'ok' } },
        edge: { status: 200, dependencies: { storage: 'ok' } },
        read: '503 database_unavailable',
        write: '503 database_unavailable',
        page: ALL_WELL,
      });
      await untilChecked();
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await untilWell();
  });

  it('PostgreSQL is killed', async () => {
    const pids = installation.postgres();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const told: Told[] = [];
    await eventually('another PostgreSQL serves', async () => {
      told.push(await installation.ask());
      expect(told.at(-1)).toMatchObject(WELL);
      return true;
    });
    for (const { alive, edge, read, write, page } of told) {
      expect([alive, edge.status, page]).toEqual([200, 200, ALL_WELL]);
      expect(['200', '503 database_unavailable']).toContain(read);
      expect(['201', '503 database_unavailable']).toContain(write);
    }
    expect(installation.postgres()[0]).not.toBe(pids[0]);
    expect(installation.product.errors()).toContain('PostgreSQL ended by itself and is started again');
    await untilChecked();
  });

  it('workerd is frozen', async () => {
    const pid = installation.workerd();
    process.kill(pid, 'SIGSTOP');
    try {
      const began = performance.now();
      expect(await installation.ask()).toMatchObject({
        alive: 200,
        core: { status: 200 },
        edge: { status: 503 },
        read: '200',
        write: '201',
        page: ALL_WELL,
      });
      expect(performance.now() - began).toBeLessThan(EDGE_ANSWER_MS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await untilWell();
    await untilChecked();
  });

  it('workerd is killed', async () => {
    const before = installation.workerd();
    process.kill(before, 'SIGKILL');
    const told: Told[] = [];
    await eventually(
      'another workerd serves',
      async () => {
        told.push(await installation.ask());
        expect(told.at(-1)).toMatchObject(WELL);
        return installation.workerd() !== before;
      },
      REVIVED_MS,
    );
    for (const { alive, core, edge, read, write, page } of told) {
      expect([alive, core.status, read, write]).toEqual([200, 200, '200', '201']);
      expect([200, 503]).toContain(edge.status);
      expect([ALL_WELL, '503']).toContain(page);
    }
    await untilChecked();
  });
});
