CREATE TABLE "adopted_jobs" (
	"queue" text NOT NULL,
	"job_id" text NOT NULL,
	"job_timestamp" timestamp (3) with time zone NOT NULL,
	"invocation" uuid NOT NULL,
	"adopted_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "adopted_jobs_queue_job_id_job_timestamp_pk" PRIMARY KEY("queue","job_id","job_timestamp")
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text,
	"role" text NOT NULL,
	"accounts" text[] NOT NULL,
	"hash" bytea NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"invocation" uuid NOT NULL,
	"number" integer NOT NULL,
	"command_version" integer,
	"configuration_version" integer NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"duration_ms" integer NOT NULL,
	"outcome" text NOT NULL,
	"sent" boolean NOT NULL,
	"status" integer,
	"error" jsonb,
	"response_headers" jsonb,
	"response_bytes" integer,
	"body_preview" text,
	"content_type" text,
	"sha256" bytea,
	"result_bytes" integer,
	"unchanged" boolean,
	"last_sync_at" timestamp (3) with time zone,
	CONSTRAINT "attempts_invocation_number_pk" PRIMARY KEY("invocation","number")
) PARTITION BY RANGE ("invocation");
--> statement-breakpoint
CREATE TABLE "audit_log" (
	"id" uuid PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"account" text,
	"actor_type" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text,
	"action" text NOT NULL,
	"subject_type" text NOT NULL,
	"subject_id" text NOT NULL,
	"details" json NOT NULL
) PARTITION BY RANGE ("id");
--> statement-breakpoint
CREATE TABLE "blobs" (
	"sha256" bytea PRIMARY KEY NOT NULL,
	"bytes" bytea NOT NULL,
	"seen_on" date DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "command_types" (
	"name" text PRIMARY KEY NOT NULL,
	"description" text,
	"tokens" jsonb NOT NULL,
	"result" jsonb,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "command_versions" (
	"integration" text NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"definition" json NOT NULL,
	"saved_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"saved_by" jsonb NOT NULL,
	CONSTRAINT "command_versions_integration_name_version_pk" PRIMARY KEY("integration","name","version")
);
--> statement-breakpoint
CREATE TABLE "commands" (
	"integration" text NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "commands_integration_name_pk" PRIMARY KEY("integration","name")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"integration" text NOT NULL,
	"command" text NOT NULL,
	"key" text NOT NULL,
	"invocation" uuid NOT NULL,
	"fingerprint" bytea NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_integration_command_key_pk" PRIMARY KEY("integration","command","key")
);
--> statement-breakpoint
CREATE TABLE "integration_values" (
	"integration" text NOT NULL,
	"name" text NOT NULL,
	"since" integer NOT NULL,
	"until" integer,
	"kind" text NOT NULL,
	"value" text,
	"sealed" text,
	"hint" text,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "integration_values_integration_name_since_pk" PRIMARY KEY("integration","name","since")
);
--> statement-breakpoint
CREATE TABLE "integrations" (
	"id" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"name" text NOT NULL,
	"type" text NOT NULL,
	"status" text NOT NULL,
	"limits" jsonb NOT NULL,
	"configuration_version" integer DEFAULT 1 NOT NULL,
	"last_sync_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "invocations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"integration" text NOT NULL,
	"command" text NOT NULL,
	"lane" text NOT NULL,
	"status" text NOT NULL,
	"tokens" json NOT NULL,
	"sealed_tokens" text,
	"fingerprint" bytea NOT NULL,
	"reference" text,
	"idempotency_key" text,
	"configuration_version" integer NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"tried" integer DEFAULT 0 NOT NULL,
	"crashes" integer DEFAULT 0 NOT NULL,
	"worker" uuid,
	"claimed_at" timestamp (3) with time zone,
	"first_attempt_at" timestamp (3) with time zone,
	"due_at" timestamp (3) with time zone,
	"rung_at" timestamp (3) with time zone,
	"generation" integer DEFAULT 0 NOT NULL,
	"error" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone
) PARTITION BY RANGE ("id");
--> statement-breakpoint
CREATE TABLE "latest_results" (
	"integration" text NOT NULL,
	"command" text NOT NULL,
	"fingerprint" bytea NOT NULL,
	"invocation" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"sha256" bytea NOT NULL,
	"content_type" text,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "latest_results_integration_command_fingerprint_pk" PRIMARY KEY("integration","command","fingerprint")
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"lane" text NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"heartbeat_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "audit_log_by_subject" ON "audit_log" USING btree ("subject_type","subject_id","id");--> statement-breakpoint
CREATE INDEX "audit_log_by_account" ON "audit_log" USING btree ("account","id");--> statement-breakpoint
CREATE UNIQUE INDEX "integration_values_current" ON "integration_values" USING btree ("integration","name") WHERE "integration_values"."until" is null;--> statement-breakpoint
CREATE INDEX "integrations_account" ON "integrations" USING btree ("account","id");--> statement-breakpoint
CREATE INDEX "invocations_due" ON "invocations" USING btree ("lane","due_at") WHERE "invocations"."due_at" is not null;--> statement-breakpoint
CREATE INDEX "invocations_due_by_integration" ON "invocations" USING btree ("integration","lane","due_at") WHERE "invocations"."due_at" is not null;--> statement-breakpoint
CREATE INDEX "invocations_by_integration" ON "invocations" USING btree ("integration","id");--> statement-breakpoint
CREATE INDEX "invocations_by_account" ON "invocations" USING btree ("account","id");--> statement-breakpoint
CREATE INDEX "invocations_by_reference" ON "invocations" USING btree ("reference","id") WHERE "invocations"."reference" is not null;