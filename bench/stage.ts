import { setTimeout as sleep } from 'node:timers/promises';
import connect, { type Sql } from 'postgres';
import type { ApiClient } from '#standalone/api-client.ts';
import { startPostgres } from '#standalone/postgres.ts';
import { launch, type Product } from '#tests/harness/product.ts';
import { newScene, type Scene, settleIn } from '#tests/harness/scene.ts';
import { SeenProcesses } from './seen-processes.ts';

export interface Stage {
  readonly scene: Scene;
  readonly product: Product;
  readonly api: ApiClient;
  /** A connection to the product's own database. */
  readonly sql: Sql;
}

export interface StageOptions {
  /** A play that takes longer is given up. */
  readonly withinMs?: number;
  /** Settings of the product in its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Time for statements that are under way at the end. */
const SQL_END_SECONDS = 5;
/**
 * The product ends within 10 s, or is killed by the harness after 30 s. A hanging play may hold its database longer.
 */
const END_MS = 40_000;

/**
 * Starts the product as a user does, on an empty data directory, runs `play`, and ends the product. No process of the
 * product is left in any case, Ctrl-C included.
 */
export async function withStage<T>(
  play: (stage: Stage) => Promise<T>,
  { withinMs = Number.POSITIVE_INFINITY, env = {} }: StageOptions = {},
): Promise<T> {
  const scene = await newScene();
  const product = launch(scene.installation, { env });
  const seen = new SeenProcesses();
  const interrupted = () => {
    seen.note(product.pid);
    seen.kill();
    scene.installation.remove();
    process.exit(130);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupted);
  try {
    await product.ready();
    return await within(withinMs, withDatabase(scene, product, play));
  } finally {
    seen.note(product.pid);
    await Promise.race([product.stop(), sleep(END_MS, undefined, { ref: false })]);
    seen.kill();
    await scene.close();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupted);
  }
}

async function withDatabase<T>(scene: Scene, product: Product, play: (stage: Stage) => Promise<T>): Promise<T> {
  const api = await settleIn(scene);
  const database = await startPostgres({ dataDir: scene.installation.dataDir });
  const sql = connect(database.url, { max: 1, onnotice: () => {} });
  try {
    return await play({ scene, product, api, sql });
  } finally {
    await sql.end({ timeout: SQL_END_SECONDS });
    await database.close();
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  if (!Number.isFinite(ms)) return work;
  const ended = new AbortController();
  const late = sleep(ms, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`given up after ${Math.round(ms / 1000)} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
    late.catch(() => {});
  }
}
