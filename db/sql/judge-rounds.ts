import { type SQL, sql } from 'drizzle-orm';

/**
 * The rounds of the grid that `hours` selects, each with its verdict: the rule of domain/watch/quorum.ts as SQL, for
 * millions of rounds at once. `hours` is a relation with the columns monitor_id and hour; "check now" results
 * are beside the grid and left out. `seconds` is what a round stands for: the time to the next round of its
 * hour, at most the interval.
 */
export function judgedRounds(hours: SQL): SQL {
  return sql`
    SELECT monitor_id, hour, scheduled_at,
           CASE WHEN failures >= needed THEN 'down' WHEN failures = voters THEN 'unknown' ELSE 'up' END AS verdict,
           least(
             interval_seconds,
             coalesce(extract(epoch FROM lead(scheduled_at) OVER (PARTITION BY monitor_id, hour ORDER BY scheduled_at)
                                         - scheduled_at), interval_seconds)
           )::float8 AS seconds
    FROM (
      SELECT r.monitor_id, h.hour, r.scheduled_at, m.interval_seconds,
             count(*) FILTER (WHERE r.outcome <> 'error') AS voters,
             count(*) FILTER (WHERE r.outcome IN ('failure', 'timeout')) AS failures,
             greatest(1, least(
               coalesce(m.quorum, count(*) / 2 + 1),
               greatest(count(*) FILTER (WHERE r.outcome <> 'error'), (count(*) + 1) / 2)
             )) AS needed
      FROM (${hours}) AS h
      JOIN monitors m ON m.id = h.monitor_id
      JOIN check_results r ON r.monitor_id = h.monitor_id
        AND r.scheduled_at >= h.hour AND r.scheduled_at < h.hour + interval '1 hour'
      WHERE NOT r.manual
      GROUP BY r.monitor_id, h.hour, r.scheduled_at, m.interval_seconds, m.quorum
    ) AS rounds`;
}

/** Rounds of each hour by verdict. */
export function tallyRounds(hours: SQL): SQL {
  return sql`
    SELECT monitor_id, hour,
           (count(*) FILTER (WHERE verdict = 'up'))::int AS up,
           (count(*) FILTER (WHERE verdict = 'down'))::int AS down,
           (count(*) FILTER (WHERE verdict = 'unknown'))::int AS unknown,
           coalesce(sum(seconds) FILTER (WHERE verdict = 'down'), 0)::float8 AS down_seconds
    FROM (${judgedRounds(hours)}) AS judged
    GROUP BY monitor_id, hour`;
}
