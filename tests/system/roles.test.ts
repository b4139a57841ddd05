import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '#standalone/api-client.ts';
import { type RunningPostgres, startPostgres } from '#standalone/postgres.ts';
import { type NatsServer, startNatsServer } from '../harness/nats-server.ts';
import { launch, type Product } from '../harness/product.ts';
import { newScene, type Scene, settleIn } from '../harness/scene.ts';
import { playOutage, watchTarget } from './outage-story.ts';

const PROCESSES = ['api,publish', 'ingest,aggregate', 'alerts,incidents', 'notify'];

describe('the roles in four processes, between them NATS JetStream and one PostgreSQL', () => {
  let scene: Scene;
  let nats: NatsServer;
  let database: RunningPostgres;
  let databaseDir: string;
  let api: ApiClient;
  const products: Product[] = [];

  beforeAll(async () => {
    scene = await newScene();
    nats = await startNatsServer();
    databaseDir = mkdtempSync(join(tmpdir(), 'blacktide-roles-'));
    database = await startPostgres({ dataDir: databaseDir, durable: false });
    const env = { DATABASE_URL: database.url, NATS_URL: nats.url };
    const cores = PROCESSES.map((roles) =>
      launch(scene.installation, { args: ['core'], env: { ...env, BLACKTIDE_ROLES: roles } }),
    );
    products.push(...cores, launch(scene.installation, { args: ['edge'] }));
    await Promise.all(products.map((product) => product.ready()));
    api = await settleIn(scene);
  });
  afterAll(async () => {
    await Promise.all(products.map((product) => product.killTree()));
    await database?.close();
    await nats?.close();
    await scene?.close();
    rmSync(databaseDir, { recursive: true, force: true });
  });

  it('report an outage and its end once', async () => {
    await playOutage(scene, api, await watchTarget(scene, api));
  });

  it('end in order within 10 s', async () => {
    const ends = await Promise.all(products.map((product) => product.stop('SIGTERM')));
    for (const end of ends) {
      expect(end.code).toBe(0);
      expect(end.tookMs).toBeLessThan(10_000);
    }
  });
});
