import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assignmentContext, StateSeal } from '#edge/state-seal.ts';
import { eventually } from '../harness/eventually.ts';
import { type Product, start } from '../harness/product.ts';
import { createMonitor, newScene, type Scene, settleIn, untilStatus } from '../harness/scene.ts';

const TOKEN = 'tok-8f2d61c4a7';
/** A header's value is no secret of the core, which shows it, but all of an assignment is sealed at the edge. */
const HEADER = 'hdr-5b90e3d2f1';

describe('a monitor with a token', () => {
  let scene: Scene;
  let product: Product;
  /** Checks that brought the token. */
  let checks = 0;

  beforeAll(async () => {
    scene = await newScene();
    scene.target.behave((request, response) => {
      if (request.headers.authorization === `Bearer ${TOKEN}`) checks += 1;
      response.end('ok');
    });
    product = await start(scene.installation);
    const api = await settleIn(scene);
    const config = { url: scene.target.url, auth: { type: 'bearer', token: TOKEN }, headers: { 'X-Key': HEADER } };
    const monitor = await createMonitor(api, 'Target', scene.target.url, { config });
    await untilStatus(api, monitor.id, 'up', 30_000);
  });
  afterAll(async () => {
    await product?.killTree();
    await scene?.close();
  });

  /** The data directory, and the database where it stands apart from it. */
  function folders(): string[] {
    const { dataDir } = scene.installation;
    const elsewhere = join(dataDir, 'postgres.location');
    return existsSync(elsewhere) ? [dataDir, readFileSync(elsewhere, 'utf8').trim()] : [dataDir];
  }

  const filesWith = (text: string, dirs = folders()) =>
    dirs.flatMap((dir) => {
      try {
        return execFileSync('grep', ['-rlaF', '--', text, dir], { encoding: 'utf8' }).trim().split('\n');
      } catch (error) {
        // grep ends with 1 when it has found nothing.
        if ((error as { status?: number }).status === 1) return [];
        throw error;
      }
    });

  const shards = () =>
    globSync(join(scene.installation.dataDir, 'edge', '**', '*MonitorShard*', '*.sqlite')).flatMap((file) => {
      const database = new DatabaseSync(file);
      const isShard = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'monitors'").get() !== undefined;
      database.close();
      return isShard ? [file] : [];
    });

  it('leaves its token in no file, while it runs and afterwards', async () => {
    expect(checks).toBeGreaterThan(0);
    expect(filesWith(TOKEN)).toEqual([]);
    expect(filesWith(HEADER, [join(scene.installation.dataDir, 'edge')])).toEqual([]);
    expect((await product.stop()).code).toBe(0);
    expect(filesWith(TOKEN)).toEqual([]);
    expect(shards().length).toBeGreaterThan(0);
  });

  it('is sealed by the upgrade of a state in clear text, in free pages too, and checked on', async () => {
    const { dataDir } = scene.installation;
    const seal = new StateSeal(readFileSync(join(dataDir, 'keys', 'edge.private.jwk'), 'utf8'));
    for (const file of shards()) {
      const database = new DatabaseSync(file);
      const update = database.prepare('UPDATE monitors SET assigned = ? WHERE id = ?');
      const rows = database.prepare('SELECT id, assigned FROM monitors').all() as { id: string; assigned: string }[];
      for (const { id, assigned } of rows) {
        const clear = (await seal.open(assigned, assignmentContext(id))) ?? '';
        // The first one leaves pages that are free after the second.
        update.run(clear.replace('"name":"', `"name":"${TOKEN.repeat(2_000)}`), id);
        update.run(clear, id);
      }
      database.close();
    }
    rmSync(join(dataDir, 'edge', 'sealed'));
    expect(filesWith(TOKEN).length).toBeGreaterThan(0);

    const before = checks;
    product = await start(scene.installation);
    await eventually('checks with the token', () => checks > before);
    expect(filesWith(TOKEN)).toEqual([]);
  });

  it('is in a folder that other users cannot read', () => {
    const readable = folders().flatMap((dir) =>
      execFileSync(
        'find',
        [dir, '(', '-type', 'f', '-perm', '/077', ')', '-o', '(', '-type', 'd', '-perm', '/066', ')'],
        {
          encoding: 'utf8',
        },
      )
        .split('\n')
        .filter(Boolean),
    );
    expect(readable).toEqual([]);
  });
});
