import { type SQL, sql } from 'drizzle-orm';

/**
 * Counts the rounds of each hour by verdict, and the seconds of the hour for which each verdict stood. `hours` is a
 * relation with the columns monitor_id and hour; an hour without any verdict has no row.
 *
 * A verdict stands from its slot until the monitor's next round, at most its interval. So only the last round before an
 * hour can reach into it, and only if it is younger than the longest interval, a day. Nothing is counted after `until`.
 */
export function verdictSeconds(hours: SQL, until: SQL): SQL {
  return sql`
    SELECT h.monitor_id, h.hour,
           (count(*) FILTER (WHERE v.verdict = 'up' AND v.scheduled_at >= h.hour))::int AS up,
           (count(*) FILTER (WHERE v.verdict = 'down' AND v.scheduled_at >= h.hour))::int AS down,
           (count(*) FILTER (WHERE v.verdict = 'unknown' AND v.scheduled_at >= h.hour))::int AS unknown,
           coalesce(sum(v.seconds) FILTER (WHERE v.verdict = 'up'), 0)::float8 AS up_seconds,
           coalesce(sum(v.seconds) FILTER (WHERE v.verdict = 'down'), 0)::float8 AS down_seconds,
           coalesce(sum(v.seconds) FILTER (WHERE v.verdict = 'unknown'), 0)::float8 AS unknown_seconds
    FROM (${hours}) AS h
    CROSS JOIN LATERAL (
      SELECT CASE r.status WHEN 'degraded' THEN 'up' ELSE r.status END AS verdict, r.scheduled_at,
             greatest(0, extract(epoch FROM
               least(
                 lead(r.scheduled_at) OVER (ORDER BY r.scheduled_at),
                 r.scheduled_at + r.interval_seconds * interval '1 second',
                 h.hour + interval '1 hour',
                 ${until}::timestamptz
               ) - greatest(r.scheduled_at, h.hour)
             )) AS seconds
      FROM (
        (SELECT status, scheduled_at, interval_seconds FROM rounds
         WHERE monitor_id = h.monitor_id AND scheduled_at < h.hour AND scheduled_at > h.hour - interval '1 day'
         ORDER BY scheduled_at DESC LIMIT 1)
        UNION ALL
        (SELECT status, scheduled_at, interval_seconds FROM rounds
         WHERE monitor_id = h.monitor_id AND scheduled_at >= h.hour AND scheduled_at < h.hour + interval '1 hour'
           AND scheduled_at < ${until}::timestamptz)
      ) AS r
    ) AS v
    WHERE v.scheduled_at >= h.hour OR v.seconds > 0
    GROUP BY h.monitor_id, h.hour`;
}
