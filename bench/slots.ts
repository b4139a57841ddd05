import type { Sql } from 'postgres';

/** Monitors of one interval and one number of locations: each is checked from each location once per interval. */
export interface Grid {
  readonly monitorIds: readonly string[];
  readonly locations: number;
  readonly intervalSeconds: number;
}

export interface SlotFigures {
  readonly due: number;
  readonly stored: number;
  /** Slots whose check was made, with any outcome. */
  readonly completed: number;
  /** Slots stored as missed, or as overloaded. */
  readonly missed: number;
  /** Completed checks that failed. */
  readonly failed: number;
  readonly notStored: number;
  readonly lateP50Ms: number;
  readonly lateP99Ms: number;
  readonly lateMaxMs: number;
}

/**
 * Counts the grid's slots in [from, to). The span is a whole number of intervals, so each monitor and location has
 * exactly (to - from) / interval slots. The primary key makes a second row for a slot impossible. Lateness is the time
 * from the slot to the start of its check, for checks that were made.
 */
export async function countSlots(sql: Sql, grid: Grid, from: Date, to: Date): Promise<SlotFigures> {
  const perSeries = Math.round((to.getTime() - from.getTime()) / 1000 / grid.intervalSeconds);
  const due = grid.monitorIds.length * grid.locations * perSeries;
  const [row] = await sql`
    WITH slots AS (
      SELECT outcome, reason, CASE WHEN outcome <> 'error' THEN extract(epoch FROM started_at - scheduled_at) * 1000 END AS late
      FROM check_results
      WHERE monitor_id = ANY (${[...grid.monitorIds]}) AND NOT manual
        AND scheduled_at >= ${from.toISOString()}::timestamptz AND scheduled_at < ${to.toISOString()}::timestamptz)
    SELECT count(*)::int AS stored,
      (count(*) FILTER (WHERE outcome <> 'error'))::int AS completed,
      (count(*) FILTER (WHERE reason IN ('missed_slot', 'overloaded')))::int AS missed,
      (count(*) FILTER (WHERE outcome IN ('failure', 'timeout')))::int AS failed,
      coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY late), 0)::float AS p50,
      coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY late), 0)::float AS p99,
      coalesce(max(late), 0)::float AS max
    FROM slots`;
  const figure = (name: string) => Math.round(Number(row?.[name]));
  return {
    due,
    stored: figure('stored'),
    completed: figure('completed'),
    missed: figure('missed'),
    failed: figure('failed'),
    notStored: due - figure('stored'),
    lateP50Ms: figure('p50'),
    lateP99Ms: figure('p99'),
    lateMaxMs: figure('max'),
  };
}

/** The figures of one interval of the grid. */
export interface IntervalFigures {
  /** 0 for the interval that begins at `from`. */
  readonly index: number;
  readonly succeeded: number;
  readonly lateP99Ms: number;
}

/** The intervals in [from, to) that have a stored slot, in order. */
export async function countIntervals(sql: Sql, grid: Grid, from: Date, to: Date): Promise<IntervalFigures[]> {
  return sql<IntervalFigures[]>`
    SELECT floor(extract(epoch FROM scheduled_at - ${from.toISOString()}::timestamptz) / ${grid.intervalSeconds}::int)::int AS index,
      (count(*) FILTER (WHERE outcome = 'success'))::int AS succeeded,
      coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - scheduled_at) * 1000), 0)::float
        AS "lateP99Ms"
    FROM check_results
    WHERE monitor_id = ANY (${[...grid.monitorIds]}) AND NOT manual
      AND scheduled_at >= ${from.toISOString()}::timestamptz AND scheduled_at < ${to.toISOString()}::timestamptz
    GROUP BY 1 ORDER BY 1`;
}
