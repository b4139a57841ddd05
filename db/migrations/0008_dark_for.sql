ALTER TABLE "location_darkness" ADD COLUMN "organization_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "location_darkness" DROP CONSTRAINT "location_darkness_location_shard_id_pk";--> statement-breakpoint
ALTER TABLE "location_darkness" ADD CONSTRAINT "location_darkness_location_shard_id_organization_id_pk" PRIMARY KEY("location","shard_id","organization_id");--> statement-breakpoint
-- Assignments say whose monitors they are, without which the edge finds no location dark: it pulls each of them anew.
UPDATE "shards" SET "version" = "version" + 1;
