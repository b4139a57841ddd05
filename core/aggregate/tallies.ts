import { type SQL, sql } from 'drizzle-orm';
import { array, type Executor } from '#db/sql/executor.ts';
import { tallyRounds } from '#db/sql/judge-rounds.ts';
import type { HourTally } from '#domain/figures/uptime.ts';

/**
 * Rounds per monitor and hour in [from, to). Hours that are marked dirty, the current one among them, are
 * counted from raw results; all others come from their rollup, so every hour is counted once and is right.
 */
export async function readTallies(
  db: Executor,
  monitorIds: readonly string[],
  from: Date,
  to: Date,
): Promise<Map<string, HourTally[]>> {
  const rows = await db.execute(sql`
    SELECT monitor_id, hour, up, down, unknown, down_seconds FROM (${hourTallies(monitorIds, from, to)}) AS hours
    ORDER BY monitor_id, hour`);
  const tallies = new Map<string, HourTally[]>();
  for (const row of rows) {
    const monitorId = row.monitor_id as string;
    const list = tallies.get(monitorId) ?? [];
    list.push({
      hourMs: Date.parse(row.hour as string),
      up: row.up as number,
      down: row.down as number,
      unknown: row.unknown as number,
      downSeconds: row.down_seconds as number,
    });
    tallies.set(monitorId, list);
  }
  return tallies;
}

/** The same, summed over the window: one row a monitor. */
export async function sumTalliesOf(
  db: Executor,
  monitorIds: readonly string[],
  from: Date,
  to: Date,
): Promise<Map<string, { up: number; down: number }>> {
  const rows = await db.execute(sql`
    SELECT monitor_id, sum(up)::int AS up, sum(down)::int AS down
    FROM (${hourTallies(monitorIds, from, to)}) AS hours GROUP BY monitor_id`);
  return new Map(rows.map((row) => [row.monitor_id as string, { up: row.up as number, down: row.down as number }]));
}

function hourTallies(monitorIds: readonly string[], from: Date, to: Date): SQL {
  const which = sql`monitor_id = ANY(${array(monitorIds, 'text')})
    AND hour >= ${from.toISOString()}::timestamptz AND hour < ${to.toISOString()}::timestamptz`;
  const dirty = sql`SELECT monitor_id, hour FROM dirty_hours WHERE ${which}`;
  return sql`
    SELECT monitor_id, hour, up, down, unknown, down_seconds FROM rollups_hourly r
    WHERE ${which} AND location = '*'
      AND NOT EXISTS (SELECT 1 FROM dirty_hours d WHERE d.monitor_id = r.monitor_id AND d.hour = r.hour)
    UNION ALL ${tallyRounds(dirty)}`;
}
