ALTER TABLE "monitor_status" ADD COLUMN "edge_status" text;--> statement-breakpoint
ALTER TABLE "monitor_status" ADD COLUMN "stale" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "status_pages" ADD COLUMN "published_at" timestamp (3) with time zone;