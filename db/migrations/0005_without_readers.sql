DROP TABLE "monitor_status_changes" CASCADE;--> statement-breakpoint
ALTER TABLE "check_results" DROP COLUMN "received_at";--> statement-breakpoint
ALTER TABLE "monitor_status" DROP COLUMN "failing";--> statement-breakpoint
ALTER TABLE "rollups_hourly" DROP COLUMN "p95_ms";--> statement-breakpoint
ALTER TABLE "rollups_hourly" DROP COLUMN "computed_at";