CREATE TABLE "sealed_keys" (
	"purpose" text PRIMARY KEY NOT NULL,
	"sealed" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "integration_values" ADD COLUMN "allowed_hosts" text[];