ALTER TABLE "attempts" ADD COLUMN "key_number" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "integrations" ADD COLUMN "status_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "invocations" ADD COLUMN "key_number" integer DEFAULT 1 NOT NULL;