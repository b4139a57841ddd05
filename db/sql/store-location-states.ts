import { sql } from 'drizzle-orm';
import { type Column, type Executor, unnest } from './executor.ts';

export interface LocationState {
  readonly location: string;
  readonly shard: string;
  /** Whose monitors it concerns; absent when it concerns everybody's. */
  readonly organization?: string | undefined;
  readonly dark: boolean;
  readonly at: string;
}

const COLUMNS: readonly Column<LocationState>[] = [
  ['location', 'text', (state) => state.location],
  ['shard_id', 'text', (state) => state.shard],
  ['organization_id', 'text', (state) => state.organization ?? ''],
  ['dark', 'bool', (state) => state.dark],
  ['at', 'timestamptz', (state) => state.at],
];

/** Stores how shards see their locations; the newest event wins. Returns the states that changed. */
export async function storeLocationStates(
  db: Executor,
  states: readonly LocationState[],
): Promise<Omit<LocationState, 'at'>[]> {
  const rows = await db.execute(sql`
    INSERT INTO location_darkness AS known (location, shard_id, organization_id, dark, at)
    SELECT DISTINCT ON (location, shard_id, organization_id) location, shard_id, organization_id, dark, at
    FROM ${unnest(states, COLUMNS)} ORDER BY location, shard_id, organization_id, at DESC
    ON CONFLICT (location, shard_id, organization_id) DO UPDATE SET dark = excluded.dark, at = excluded.at
    WHERE known.at < excluded.at
    RETURNING location, shard_id AS shard, organization_id AS organization, dark`);
  return rows.map((row) => ({
    location: row.location as string,
    shard: row.shard as string,
    ...(row.organization === '' ? {} : { organization: row.organization as string }),
    dark: row.dark as boolean,
  }));
}
