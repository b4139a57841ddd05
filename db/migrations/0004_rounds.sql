CREATE TABLE "rollups_daily" (
	"monitor_id" text NOT NULL,
	"day" timestamp (3) with time zone NOT NULL,
	"up" integer DEFAULT 0 NOT NULL,
	"down" integer DEFAULT 0 NOT NULL,
	"unknown" integer DEFAULT 0 NOT NULL,
	"up_seconds" double precision DEFAULT 0 NOT NULL,
	"down_seconds" double precision DEFAULT 0 NOT NULL,
	"unknown_seconds" double precision DEFAULT 0 NOT NULL,
	CONSTRAINT "rollups_daily_monitor_id_day_pk" PRIMARY KEY("monitor_id","day")
);
--> statement-breakpoint
CREATE TABLE "rounds" (
	"monitor_id" text NOT NULL,
	"scheduled_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"failing" jsonb NOT NULL,
	"excluded" jsonb NOT NULL,
	"cause" text,
	"interval_seconds" integer NOT NULL,
	"judged_at" timestamp (3) with time zone NOT NULL,
	"trace_id" text NOT NULL,
	CONSTRAINT "rounds_monitor_id_scheduled_at_pk" PRIMARY KEY("monitor_id","scheduled_at")
) PARTITION BY RANGE ("scheduled_at");
--> statement-breakpoint
ALTER TABLE "location_status" ALTER COLUMN "last_check_at" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "rollups_hourly" ADD COLUMN "up_seconds" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "rollups_hourly" ADD COLUMN "unknown_seconds" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "rollups_hourly" ADD COLUMN "carried_over" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "rollups_daily" ADD CONSTRAINT "rollups_daily_monitor_id_monitors_id_fk" FOREIGN KEY ("monitor_id") REFERENCES "public"."monitors"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rounds_not_up" ON "rounds" USING btree ("monitor_id","scheduled_at") WHERE status <> 'up';--> statement-breakpoint
-- What follows takes over the figures of the version before, which stored no verdicts. Each statement reads its table
-- once: the first two grow with the results of the hours that are still open, the last two with the hours of all
-- monitors.
--
-- A week of rounds for each week of results.
DO $$
DECLARE week record;
BEGIN
  FOR week IN
    SELECT replace(c.relname, 'check_results', 'rounds') AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'check_results'::regclass
  LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF rounds %s', week.name, week.bounds);
  END LOOP;
END $$;
--> statement-breakpoint
-- Hours that were not rolled up yet get their verdicts from their results, once, by the rule of that version. A round
-- that is still under way is left out: what is missing of it may never be told as a result of its own.
INSERT INTO rounds (monitor_id, scheduled_at, status, failing, excluded, cause, interval_seconds, judged_at, trace_id)
SELECT monitor_id, scheduled_at,
       CASE WHEN failures >= needed THEN 'down' WHEN failures = voters THEN 'unknown'
            WHEN failures > 0 THEN 'degraded' ELSE 'up' END,
       failing, excluded, CASE WHEN failures < needed AND failures = voters THEN 'no_votes' END,
       interval_seconds, judged_at, trace_id
FROM (
  SELECT r.monitor_id, r.scheduled_at, m.interval_seconds,
         count(*) FILTER (WHERE r.outcome <> 'error') AS voters,
         count(*) FILTER (WHERE r.outcome IN ('failure', 'timeout')) AS failures,
         greatest(1, least(
           coalesce(m.quorum, count(*) / 2 + 1),
           greatest(count(*) FILTER (WHERE r.outcome <> 'error'), (count(*) + 1) / 2)
         )) AS needed,
         coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'location', r.location, 'reason', r.reason, 'detail', r.detail)) ORDER BY r.location)
           FILTER (WHERE r.outcome IN ('failure', 'timeout')), '[]') AS failing,
         coalesce(jsonb_agg(r.location ORDER BY r.location) FILTER (WHERE r.outcome = 'error'), '[]') AS excluded,
         max(r.received_at) AS judged_at, max(r.trace_id) AS trace_id
  FROM dirty_hours h
  JOIN monitors m ON m.id = h.monitor_id
  JOIN check_results r ON r.monitor_id = h.monitor_id
    AND r.scheduled_at >= h.hour AND r.scheduled_at < h.hour + interval '1 hour'
  WHERE NOT r.manual
  GROUP BY r.monitor_id, r.scheduled_at, m.interval_seconds, m.quorum, m.locations
  HAVING count(*) >= jsonb_array_length(m.locations) OR r.scheduled_at < now() - interval '2 minutes'
) AS judged;
--> statement-breakpoint
-- Seconds that each round of an hour stood for: as that version counted them for rounds that were down, else the
-- monitor's interval. n rounds that fit into an hour cannot be further apart than
-- 3600 / (n - 1) seconds, so a monitor whose interval is longer now is not given more time than there was.
CREATE FUNCTION pg_temp.seconds_each(down integer, down_seconds float8, rounds integer, interval_seconds integer)
RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT least(coalesce(nullif(down_seconds, 0) / nullif(down, 0), interval_seconds), 3600.0 / nullif(rounds - 1, 0))
$$;
--> statement-breakpoint
UPDATE rollups_hourly h
SET carried_over = true,
    up_seconds = h.up * pg_temp.seconds_each(h.down, h.down_seconds, h.up + h.down + h.unknown, m.interval_seconds),
    down_seconds = h.down * pg_temp.seconds_each(h.down, h.down_seconds, h.up + h.down + h.unknown, m.interval_seconds),
    unknown_seconds =
      h.unknown * pg_temp.seconds_each(h.down, h.down_seconds, h.up + h.down + h.unknown, m.interval_seconds)
FROM monitors m
WHERE h.location = '*' AND m.id = h.monitor_id
  AND NOT EXISTS (SELECT 1 FROM dirty_hours d WHERE d.monitor_id = h.monitor_id AND d.hour = h.hour);
--> statement-breakpoint
INSERT INTO rollups_daily (monitor_id, day, up, down, unknown, up_seconds, down_seconds, unknown_seconds)
SELECT monitor_id, date_trunc('day', hour, 'UTC'), sum(up), sum(down), sum(unknown),
       sum(up_seconds), sum(down_seconds), sum(unknown_seconds)
FROM rollups_hourly WHERE carried_over GROUP BY 1, 2;
--> statement-breakpoint
-- The last verdict of an hour may stand on into hours that nothing has marked yet.
INSERT INTO dirty_hours (monitor_id, hour)
SELECT DISTINCT monitor_id, hour FROM rounds, generate_series(
  date_trunc('hour', scheduled_at, 'UTC'),
  scheduled_at + interval_seconds * interval '1 second' - interval '1 millisecond', interval '1 hour') AS hour
ON CONFLICT DO NOTHING;