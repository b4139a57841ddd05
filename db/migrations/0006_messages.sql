DROP INDEX "notifications_due";--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "disabled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "disabled_reason" text;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "failing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "last_error" text;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "last_status_code" smallint;--> statement-breakpoint
ALTER TABLE "incidents" ADD COLUMN "reached_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "incidents" ADD COLUMN "unreached_reason" text;--> statement-breakpoint
CREATE INDEX "notifications_outstanding" ON "notifications" USING btree ("channel_id","next_attempt_at") WHERE status in ('pending', 'failed');--> statement-breakpoint
CREATE INDEX "notifications_leased" ON "notifications" USING btree ("leased_until") WHERE leased_until is not null;--> statement-breakpoint
-- What follows takes over whom incidents have reached. The timeline knows it also where the channel was deleted since,
-- and its notifications with it.
UPDATE "incidents" i SET "reached_at" = t.at
FROM (
  SELECT incident_id, min(at) AS at FROM "incident_timeline"
  WHERE kind = 'notification' AND data->>'status' = 'delivered' GROUP BY incident_id
) t
WHERE t.incident_id = i.id;
--> statement-breakpoint
UPDATE "incidents" i SET "unreached_reason" = CASE
  WHEN EXISTS (SELECT 1 FROM "incident_timeline" t WHERE t.incident_id = i.id AND t.kind = 'notification') THEN 'all_failed'
  ELSE 'no_channel' END
WHERE "reached_at" IS NULL AND NOT EXISTS (
  SELECT 1 FROM "notifications" n WHERE n.incident_id = i.id AND n.status IN ('pending', 'failed'));
