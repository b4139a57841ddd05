import connect, { type Sql } from 'postgres';
import type { ApiClient } from '#standalone/api-client.ts';
import { startPostgres } from '#standalone/postgres.ts';
import { start } from '#tests/harness/product.ts';
import { newScene, type Scene, settleIn } from '#tests/harness/scene.ts';

export interface Stage {
  readonly scene: Scene;
  readonly api: ApiClient;
  /** The product's own database, to count what was stored. */
  readonly sql: Sql;
}

/** Starts the product as a user does, on an empty data directory, and takes it down again. */
export async function withStage<T>(play: (stage: Stage) => Promise<T>): Promise<T> {
  const scene = await newScene();
  const product = await start(scene.installation);
  try {
    const api = await settleIn(scene);
    const database = await startPostgres({ dataDir: scene.installation.dataDir });
    const sql = connect(database.url, { max: 1, onnotice: () => {} });
    try {
      return await play({ scene, api, sql });
    } finally {
      await sql.end();
      await database.close();
    }
  } finally {
    await product.stop();
    await scene.close();
  }
}
