import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { type NatsServer, startNatsServer } from '../harness/nats-server.ts';
import { newScene, type Scene } from '../harness/scene.ts';
import { ALL_WELL, type FaultyInstallation, startFaultyInstallation } from './faulty-installation.ts';

let scene: Scene;
let nats: NatsServer;
let installation: FaultyInstallation;

beforeAll(async () => {
  nats = await startNatsServer();
  scene = await newScene();
  installation = await startFaultyInstallation(scene, { NATS_URL: nats.url });
});
afterAll(async () => {
  await installation?.product.killTree();
  await scene?.close();
  await nats?.close();
});

/** A row of the table "What is said when a part breaks" of docs/operations.md. */
it('NATS is killed: the core says what is missing, works otherwise, and the edge goes on', async () => {
  await nats.kill();
  const told = await eventually('the core says so', async () => {
    const answers = await installation.ask();
    return answers.core.status === 503 && answers;
  });
  expect(told).toMatchObject({
    alive: 200,
    core: { dependencies: { postgres: 'ok', stream: 'unavailable' } },
    edge: { status: 200 },
    read: '200',
    write: '201',
    page: ALL_WELL,
  });
  const before = installation.checks();
  await eventually('the edge goes on checking', () => installation.checks() > before);
  await nats.start();
  await eventually('all is well again', async () => (await installation.ask()).core.status === 200);
});
