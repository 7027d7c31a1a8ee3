CREATE TABLE "batch_ranges" (
	"batch" uuid NOT NULL,
	"number" integer NOT NULL,
	"first_id" uuid NOT NULL,
	"last_id" uuid NOT NULL,
	"size" integer NOT NULL,
	"status" text DEFAULT 'waiting' NOT NULL,
	"worker" uuid,
	"generation" integer DEFAULT 0 NOT NULL,
	"rung_at" timestamp (3) with time zone,
	"not_before" timestamp (3) with time zone,
	"succeeded" integer DEFAULT 0 NOT NULL,
	"unchanged" integer DEFAULT 0 NOT NULL,
	"absent" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"cancelled" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "batch_ranges_batch_number_pk" PRIMARY KEY("batch","number")
);
--> statement-breakpoint
CREATE TABLE "batches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"integration" text NOT NULL,
	"command" text NOT NULL,
	"run" text,
	"schedule" text,
	"status" text NOT NULL,
	"outcome" text,
	"total" integer DEFAULT 0 NOT NULL,
	"first_id" uuid,
	"last_id" uuid,
	"finish_by" timestamp (3) with time zone,
	"idempotency_key" text,
	"fingerprint" "bytea",
	"warnings" text[] DEFAULT '{}' NOT NULL,
	"created_by" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"sweep_rung_at" timestamp (3) with time zone,
	"sweep_worker" uuid,
	"sweep_generation" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "integration_flow" (
	"integration" text PRIMARY KEY NOT NULL,
	"streak_kind" text,
	"streak" integer DEFAULT 0 NOT NULL,
	"window_since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"window_tried" integer DEFAULT 0 NOT NULL,
	"window_failed" integer DEFAULT 0 NOT NULL,
	"hold" jsonb,
	"held_since" timestamp (3) with time zone,
	"next_probe_at" timestamp (3) with time zone,
	"probes" integer DEFAULT 0 NOT NULL,
	"probe" uuid,
	"released_at" timestamp (3) with time zone,
	"not_before" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "rate_grants" (
	"integration" text NOT NULL,
	"per_seconds" integer NOT NULL,
	"slice" bigint NOT NULL,
	"granted" integer NOT NULL,
	CONSTRAINT "rate_grants_integration_per_seconds_slice_pk" PRIMARY KEY("integration","per_seconds","slice")
);
--> statement-breakpoint
CREATE TABLE "schedule_pages" (
	"run" uuid NOT NULL,
	"number" integer NOT NULL,
	"invocation" uuid NOT NULL,
	"next" "bytea" NOT NULL,
	CONSTRAINT "schedule_pages_run_number_pk" PRIMARY KEY("run","number")
);
--> statement-breakpoint
CREATE TABLE "schedule_runs" (
	"integration" text NOT NULL,
	"schedule" text NOT NULL,
	"id" uuid NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"label" text NOT NULL,
	"actor" jsonb NOT NULL,
	"command" text NOT NULL,
	"items" json,
	"source" json,
	"finish_by" timestamp (3) with time zone,
	"complete_run_at" timestamp (3) with time zone,
	"page" integer DEFAULT 0 NOT NULL,
	"page_invocation" uuid,
	"collector" uuid,
	"batch" uuid,
	CONSTRAINT "schedule_runs_integration_schedule_pk" PRIMARY KEY("integration","schedule")
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"integration" text NOT NULL,
	"name" text NOT NULL,
	"command" text NOT NULL,
	"cron" text NOT NULL,
	"timezone" text NOT NULL,
	"enabled" boolean NOT NULL,
	"spread_seconds" integer DEFAULT 0 NOT NULL,
	"finish_within_seconds" integer,
	"items" json,
	"source" json,
	"next_run_at" timestamp (3) with time zone,
	"last_run_at" timestamp (3) with time zone,
	"last_batch" uuid,
	"last_outcome" text,
	"last_reason" text,
	"complete_run_at" timestamp (3) with time zone,
	"enabled_since" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "schedules_integration_name_pk" PRIMARY KEY("integration","name")
);
--> statement-breakpoint
CREATE TABLE "slot_leases" (
	"integration" text NOT NULL,
	"worker" uuid NOT NULL,
	"lane" text NOT NULL,
	"slots" integer NOT NULL,
	"wanted" integer NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "slot_leases_integration_worker_pk" PRIMARY KEY("integration","worker")
);
--> statement-breakpoint
DROP INDEX "invocations_due";--> statement-breakpoint
DROP INDEX "invocations_due_by_integration";--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "validators" jsonb;--> statement-breakpoint
ALTER TABLE "invocations" ADD COLUMN "batch" uuid;--> statement-breakpoint
ALTER TABLE "invocations" ADD COLUMN "batch_range" integer;--> statement-breakpoint
ALTER TABLE "latest_results" ADD COLUMN "etag" text;--> statement-breakpoint
ALTER TABLE "latest_results" ADD COLUMN "last_modified" text;--> statement-breakpoint
ALTER TABLE "latest_results" ADD COLUMN "command_version" integer;--> statement-breakpoint
ALTER TABLE "latest_results" ADD COLUMN "configuration_version" integer;--> statement-breakpoint
CREATE INDEX "batch_ranges_waiting" ON "batch_ranges" USING btree ("batch","number") WHERE "batch_ranges"."status" = 'waiting';--> statement-breakpoint
CREATE INDEX "batch_ranges_taken" ON "batch_ranges" USING btree ("batch","number") WHERE "batch_ranges"."status" in ('rung', 'running');--> statement-breakpoint
CREATE INDEX "batches_open" ON "batches" USING btree ("id") WHERE "batches"."finished_at" is null;--> statement-breakpoint
CREATE INDEX "batches_by_integration" ON "batches" USING btree ("integration","id");--> statement-breakpoint
CREATE INDEX "batches_by_account" ON "batches" USING btree ("account","id");--> statement-breakpoint
CREATE INDEX "batches_by_run" ON "batches" USING btree ("run","id") WHERE "batches"."run" is not null;--> statement-breakpoint
CREATE INDEX "batches_by_key" ON "batches" USING btree ("integration","command","idempotency_key") WHERE "batches"."idempotency_key" is not null;--> statement-breakpoint
CREATE INDEX "integration_flow_ailing" ON "integration_flow" USING btree ("integration") WHERE "integration_flow"."streak" > 0 or "integration_flow"."window_failed" > 0;--> statement-breakpoint
CREATE INDEX "schedules_due" ON "schedules" USING btree ("next_run_at") WHERE "schedules"."next_run_at" is not null;--> statement-breakpoint
CREATE INDEX "invocations_due_by_batch" ON "invocations" USING btree ("batch","due_at") WHERE "invocations"."due_at" is not null and "invocations"."batch" is not null;--> statement-breakpoint
CREATE INDEX "invocations_failed_by_batch" ON "invocations" USING btree ("batch","id") WHERE "invocations"."batch" is not null and "invocations"."error" is not null;--> statement-breakpoint
CREATE INDEX "invocations_due" ON "invocations" USING btree ("lane","due_at") WHERE "invocations"."due_at" is not null and "invocations"."batch" is null;--> statement-breakpoint
CREATE INDEX "invocations_due_by_integration" ON "invocations" USING btree ("integration","lane","due_at") WHERE "invocations"."due_at" is not null and "invocations"."batch" is null;