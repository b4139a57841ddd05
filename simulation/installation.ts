import { organizations, shards } from '#db/schema.ts';
import { startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { simulateTimeIn } from './simulated-time.ts';

/**
 * The core's parts over a database of their own on the server TEST_DATABASE_URL. Seeds are played one after another in
 * the same database, because creating one takes longer than playing a seed.
 */
export class Installation {
  readonly core: TestCore;
  readonly #database: { keep: boolean };
  #used = false;

  private constructor(core: TestCore, database: { keep: boolean }) {
    this.core = core;
    this.#database = database;
  }

  static async open(): Promise<Installation> {
    const { url, drop } = await createTestDatabase();
    await simulateTimeIn(url);
    const database = { keep: false };
    const core = await startTestCore({ url, drop: async () => (database.keep ? undefined : drop()) });
    return new Installation(core, database);
  }

  /** Deletes all rows but those of a new installation: an organisation and a shard. */
  async empty(): Promise<void> {
    if (this.#used) await this.#clear();
    this.#used = true;
  }

  async #clear(): Promise<void> {
    const { ctx, organizationId, shardId } = this.core;
    // Truncating a table empties its partitions.
    const tables = await ctx.sql<{ name: string }[]>`
      SELECT quote_ident(relname) AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`;
    await ctx.sql.unsafe(`TRUNCATE ${tables.map(({ name }) => name).join(', ')} RESTART IDENTITY`);
    await ctx.db.insert(organizations).values({ id: organizationId, name: 'Test' });
    await ctx.db.insert(shards).values({ id: shardId });
  }

  /** Closing does not drop the database, so that a failed seed can be examined. */
  keepDatabase(): void {
    this.#database.keep = true;
  }

  async close(): Promise<void> {
    await this.core.close();
  }
}
