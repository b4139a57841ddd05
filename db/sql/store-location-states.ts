import { sql } from 'drizzle-orm';
import { type Column, type Executor, unnest } from './executor.ts';

export interface LocationState {
  readonly location: string;
  readonly shard: string;
  readonly dark: boolean;
  readonly at: string;
}

const COLUMNS: readonly Column<LocationState>[] = [
  ['location', 'text', (state) => state.location],
  ['shard_id', 'text', (state) => state.shard],
  ['dark', 'bool', (state) => state.dark],
  ['at', 'timestamptz', (state) => state.at],
];

/** Stores how shards see their locations; the newest event wins. Returns the states that changed. */
export async function storeLocationStates(
  db: Executor,
  states: readonly LocationState[],
): Promise<{ location: string; shard: string; dark: boolean }[]> {
  const rows = await db.execute(sql`
    INSERT INTO location_darkness AS known (location, shard_id, dark, at)
    SELECT DISTINCT ON (location, shard_id) location, shard_id, dark, at
    FROM ${unnest(states, COLUMNS)} ORDER BY location, shard_id, at DESC
    ON CONFLICT (location, shard_id) DO UPDATE SET dark = excluded.dark, at = excluded.at
    WHERE known.at < excluded.at
    RETURNING location, shard_id AS shard, dark`);
  return rows.map((row) => ({
    location: row.location as string,
    shard: row.shard as string,
    dark: row.dark as boolean,
  }));
}
