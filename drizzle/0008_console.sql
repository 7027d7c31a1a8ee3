-- A row's token values as they are searched: in lower case, whole, the first 100 characters of each. It must never fail, since
-- then no row could be written: values that json_each_text refuses (U+0000, halves of surrogate pairs) make theirs unsearchable.
CREATE FUNCTION errand_search_values(tokens json) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN position('\u0000' IN tokens::text) > 0 OR position('\ud' IN lower(tokens::text)) > 0 THEN ''::tsvector
    ELSE array_to_tsvector(ARRAY(SELECT lower(left(value, 100)) FROM json_each_text(tokens) WHERE value <> '')) END
$$;--> statement-breakpoint
CREATE TABLE "portal_sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"role" text NOT NULL,
	"ticket_hash" "bytea" NOT NULL,
	"key_id" text NOT NULL,
	"created_by" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"open_before" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"opened_at" timestamp (3) with time zone,
	CONSTRAINT "portal_sessions_ticket_hash_unique" UNIQUE("ticket_hash")
);
--> statement-breakpoint
CREATE TABLE "problem_acknowledgements" (
	"integration" text NOT NULL,
	"command" text NOT NULL,
	"code" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"by" jsonb NOT NULL,
	"note" text,
	"up_to" uuid,
	CONSTRAINT "problem_acknowledgements_integration_command_code_pk" PRIMARY KEY("integration","command","code")
);
--> statement-breakpoint
CREATE TABLE "statistics" (
	"width" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"integration" text NOT NULL,
	"command" text NOT NULL,
	"lane" text NOT NULL,
	"succeeded" integer NOT NULL,
	"failed" integer NOT NULL,
	"absent" integer NOT NULL,
	"attempts" integer NOT NULL,
	"retried" integer NOT NULL,
	"durations" integer[] NOT NULL,
	"by_code" jsonb NOT NULL,
	CONSTRAINT "statistics_width_at_integration_command_lane_pk" PRIMARY KEY("width","at","integration","command","lane")
);
--> statement-breakpoint
CREATE INDEX "statistics_by_integration" ON "statistics" USING btree ("integration","width","at");--> statement-breakpoint
CREATE INDEX "invocations_failed" ON "invocations" USING btree ("id") WHERE "invocations"."error" is not null;--> statement-breakpoint
CREATE INDEX "invocations_failed_by_kind" ON "invocations" USING btree ("integration","command",("error"->>'code'),"id") WHERE "invocations"."error" is not null;--> statement-breakpoint
CREATE INDEX "invocations_by_value" ON "invocations" USING gin (errand_search_values("tokens")) WITH (fastupdate = off);--> statement-breakpoint
-- Last, so that nobody waits for these locks while the indexes are made.
ALTER TABLE "attempts" ADD COLUMN "dns_ms" integer;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "connect_ms" integer;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "tls_ms" integer;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "first_byte_ms" integer;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "body_ms" integer;--> statement-breakpoint
ALTER TABLE "integrations" ADD COLUMN "shown_secret" text;
