import { type SQL, sql } from 'drizzle-orm';
import { array, type Column, type Executor, unnest } from '#db/sql/executor.ts';
import type { SpanTally, Tally } from '#domain/figures/uptime.ts';
import { verdictSeconds } from './verdict-seconds.ts';

/** Time by verdict of one monitor over a window. */
export interface WindowTally {
  /** One tally for each UTC day of the window with verdicts, oldest first. */
  readonly days: readonly SpanTally[];
  /** When the first verdict of the window began to stand. */
  readonly firstVerdictAt: Date;
}

/**
 * Time by verdict per monitor in [from, to); `from` is the start of an hour. A monitor without any verdict in the
 * window has no entry. Lists, pages and status pages all count here, so their figures of one moment are the same.
 */
export async function readTallies(
  db: Executor,
  monitorIds: readonly string[],
  from: Date,
  to: Date,
): Promise<Map<string, WindowTally>> {
  const rows = await db.execute(sql`
    SELECT monitor_id, date_trunc('day', start, 'UTC') AS day, min(start) AS first,
           sum(up)::int AS up, sum(down)::int AS down, sum(unknown)::int AS unknown,
           sum(up_seconds) AS up_seconds, sum(down_seconds) AS down_seconds, sum(unknown_seconds) AS unknown_seconds
    FROM (${spanTallies(monitorIds, from, to)}) AS spans
    WHERE up_seconds > 0 OR down_seconds > 0 OR unknown_seconds > 0 OR up > 0 OR down > 0 OR unknown > 0
    GROUP BY 1, 2 ORDER BY 1, 2`);
  const byMonitor = Map.groupBy(rows, (row) => row.monitor_id as string);
  const spans = [...byMonitor].map(([monitorId, days]) => ({ monitorId, first: days[0]?.first as string }));
  const beginnings = await readBeginnings(db, spans);
  return new Map(
    [...byMonitor].map(([monitorId, days]) => [
      monitorId,
      {
        days: days.map((row) => ({ startMs: Date.parse(row.day as string), ...tallyOf(row) })),
        firstVerdictAt: new Date(beginnings.get(monitorId) ?? (days[0]?.first as string)),
      },
    ]),
  );
}

interface FirstSpan {
  readonly monitorId: string;
  /** Start of the hour or day with the monitor's first verdict of a window. */
  readonly first: string;
}

const FIRST_SPAN_COLUMNS: readonly Column<FirstSpan>[] = [
  ['monitor_id', 'text', (span) => span.monitorId],
  ['first_span', 'timestamptz', (span) => span.first],
];

/**
 * When the first verdict of each span began to stand: at the start of the span when the round before it reaches into
 * it, else with the span's first round. A span counted by a version that stored no rounds has no entry.
 */
async function readBeginnings(db: Executor, spans: readonly FirstSpan[]): Promise<Map<string, string>> {
  if (spans.length === 0) return new Map();
  const rows = await db.execute(sql`
    SELECT row.monitor_id,
           CASE WHEN before.until > row.first_span THEN row.first_span ELSE inside.scheduled_at END AS began
    FROM ${unnest(spans, FIRST_SPAN_COLUMNS)}
    LEFT JOIN LATERAL (
      SELECT r.scheduled_at + r.interval_seconds * interval '1 second' AS until FROM rounds r
      WHERE r.monitor_id = row.monitor_id AND r.scheduled_at < row.first_span AND r.scheduled_at > row.first_span - interval '1 day'
      ORDER BY r.scheduled_at DESC LIMIT 1
    ) AS before ON true
    LEFT JOIN LATERAL (
      SELECT r.scheduled_at FROM rounds r
      WHERE r.monitor_id = row.monitor_id AND r.scheduled_at >= row.first_span AND r.scheduled_at < row.first_span + interval '1 day'
      ORDER BY r.scheduled_at LIMIT 1
    ) AS inside ON true`);
  return new Map(
    rows.flatMap((row) => (row.began === null ? [] : [[row.monitor_id as string, row.began as string] as const])),
  );
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
