CREATE TABLE "password_attempts" (
	"subject" text PRIMARY KEY NOT NULL,
	"attempts" integer NOT NULL,
	"counted_since" timestamp (3) with time zone NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	"wait_until" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "status_pages" ADD COLUMN "show_monitor_names" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "password_attempts_age" ON "password_attempts" USING btree ("last_at");