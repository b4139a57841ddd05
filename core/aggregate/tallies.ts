import { type SQL, sql } from 'drizzle-orm';
import { array, type Executor } from '#db/sql/executor.ts';
import type { SpanTally, Tally } from '#domain/figures/uptime.ts';
import { verdictSeconds } from './verdict-seconds.ts';

/**
 * Time by verdict per monitor in [from, to): one row per whole day, and one per hour for a day that is not whole or not
 * yet complete. `from` is the start of an hour.
 */
export async function readTallies(
  db: Executor,
  monitorIds: readonly string[],
  from: Date,
  to: Date,
): Promise<Map<string, SpanTally[]>> {
  const rows = await db.execute(sql`${spanTallies(monitorIds, from, to)} ORDER BY monitor_id, start`);
  const tallies = new Map<string, SpanTally[]>();
  for (const row of rows) {
    const monitorId = row.monitor_id as string;
    const list = tallies.get(monitorId) ?? [];
    list.push({ startMs: Date.parse(row.start as string), ...tallyOf(row) });
    tallies.set(monitorId, list);
  }
  return tallies;
}

/** The tallies summed over the window: one row per monitor. */
export async function sumTalliesOf(
  db: Executor,
  monitorIds: readonly string[],
  from: Date,
  to: Date,
): Promise<Map<string, Tally>> {
  const rows = await db.execute(sql`
    SELECT monitor_id, sum(up)::int AS up, sum(down)::int AS down, sum(unknown)::int AS unknown,
           sum(up_seconds) AS up_seconds, sum(down_seconds) AS down_seconds, sum(unknown_seconds) AS unknown_seconds
    FROM (${spanTallies(monitorIds, from, to)}) AS spans GROUP BY monitor_id`);
  return new Map(rows.map((row) => [row.monitor_id as string, tallyOf(row)]));
}

function tallyOf(row: Record<string, unknown>): Tally {
  return {
    up: row.up as number,
    down: row.down as number,
    unknown: row.unknown as number,
    upSeconds: row.up_seconds as number,
    downSeconds: row.down_seconds as number,
    unknownSeconds: row.unknown_seconds as number,
  };
}

const FIGURES = sql.raw('up, down, unknown, up_seconds, down_seconds, unknown_seconds');

/**
 * Tallies that cover each moment of the window once. Whole days come from the daily rollup. Days with a dirty hour, and
 * the hours before the first midnight, come from the hourly rollup. Dirty hours, the current one included, come from
 * the rounds. All in one statement, so that an hour that is being rolled up is read either before or after.
 */
function spanTallies(monitorIds: readonly string[], from: Date, to: Date): SQL {
  const ids = array(monitorIds, 'text');
  const start = sql`${from.toISOString()}::timestamptz`;
  const end = sql`${to.toISOString()}::timestamptz`;
  const midnight = sql`date_trunc('day', ${start} + interval '1 day' - interval '1 millisecond', 'UTC')`;
  return sql`
    WITH dirty AS (
      SELECT d.monitor_id, d.hour FROM dirty_hours d
      WHERE d.monitor_id = ANY(${ids}) AND d.hour >= ${start} AND d.hour < ${end}
        AND NOT EXISTS (
          SELECT 1 FROM rollups_hourly r
          WHERE r.monitor_id = d.monitor_id AND r.location = '*' AND r.hour = d.hour AND r.carried_over)
    ), by_hour AS (
      SELECT DISTINCT monitor_id, date_trunc('day', hour, 'UTC') AS start,
             date_trunc('day', hour, 'UTC') + interval '1 day' AS until
      FROM dirty WHERE hour >= ${midnight}
      UNION ALL
      SELECT monitor_id, ${start}, ${midnight} FROM unnest(${ids}) AS monitor_id WHERE ${start} < ${midnight}
    )
    SELECT d.monitor_id, d.day AS start, ${FIGURES} FROM rollups_daily d
    WHERE d.monitor_id = ANY(${ids}) AND d.day >= ${midnight} AND d.day < ${end}
      AND NOT EXISTS (SELECT 1 FROM by_hour b WHERE b.monitor_id = d.monitor_id AND b.start = d.day)
    UNION ALL
    SELECT r.monitor_id, r.hour AS start, ${FIGURES} FROM by_hour b
    JOIN rollups_hourly r ON r.monitor_id = b.monitor_id AND r.location = '*'
      AND r.hour >= b.start AND r.hour < b.until AND r.hour < ${end}
    WHERE NOT EXISTS (SELECT 1 FROM dirty d WHERE d.monitor_id = r.monitor_id AND d.hour = r.hour)
    UNION ALL
    SELECT monitor_id, hour AS start, ${FIGURES}
    FROM (${verdictSeconds(sql`SELECT monitor_id, hour FROM dirty`, end)}) AS live`;
}
