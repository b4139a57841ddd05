import type { Sql } from 'postgres';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { INTERVAL_SECONDS } from '#tests/harness/scene.ts';

export interface SlotFigures {
  readonly due: number;
  readonly stored: number;
  readonly missed: number;
  readonly notStored: number;
  readonly lateP50Ms: number;
  readonly lateP99Ms: number;
  readonly lateMaxMs: number;
}

/**
 * Counts the grid's slots in [from, to), a whole number of intervals long: each monitor and location has then exactly
 * (to - from) / interval of them. The primary key makes a second row for a slot impossible.
 */
export async function countSlots(sql: Sql, monitorIds: readonly string[], from: Date, to: Date): Promise<SlotFigures> {
  const perSeries = (to.getTime() - from.getTime()) / 1000 / INTERVAL_SECONDS;
  const due = monitorIds.length * LOCATION_IDS.length * perSeries;
  const [row] = await sql`
    WITH late AS (
      SELECT reason, extract(epoch FROM started_at - scheduled_at) * 1000 AS ms
      FROM check_results
      WHERE monitor_id = ANY (${[...monitorIds]}) AND NOT manual
        AND scheduled_at >= ${from.toISOString()}::timestamptz AND scheduled_at < ${to.toISOString()}::timestamptz)
    SELECT count(*)::int AS stored,
      (count(*) FILTER (WHERE reason = 'missed_slot'))::int AS missed,
      coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), 0)::float AS p50,
      coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY ms), 0)::float AS p99,
      coalesce(max(ms), 0)::float AS max
    FROM late`;
  return {
    due,
    stored: Number(row?.stored),
    missed: Number(row?.missed),
    notStored: due - Number(row?.stored),
    lateP50Ms: Math.round(Number(row?.p50)),
    lateP99Ms: Math.round(Number(row?.p99)),
    lateMaxMs: Math.round(Number(row?.max)),
  };
}
