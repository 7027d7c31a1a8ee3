CREATE TABLE "notification_endpoints" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text,
	"url" text NOT NULL,
	"events" text[] NOT NULL,
	"accounts" text[] NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"disabled_reason" text,
	"failing_since" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notifications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"endpoint" uuid,
	"accounts" text[] NOT NULL,
	"event" text NOT NULL,
	"account" text,
	"subject_type" text NOT NULL,
	"subject_id" text NOT NULL,
	"url" text NOT NULL,
	"target" text NOT NULL,
	"dedupe_key" text,
	"data" json NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"tried" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now(),
	"last_attempt_at" timestamp (3) with time zone,
	"last_status" integer,
	"last_error" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "run_endings" (
	"batch" uuid PRIMARY KEY NOT NULL,
	"run" text NOT NULL,
	"account" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "signing_secrets" (
	"owner" text PRIMARY KEY NOT NULL,
	"sealed" text NOT NULL,
	"previous_sealed" text,
	"previous_until" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "batches" ADD COLUMN "callback_url" text;--> statement-breakpoint
ALTER TABLE "invocations" ADD COLUMN "callback_url" text;--> statement-breakpoint
CREATE INDEX "notifications_due" ON "notifications" USING btree ("target","due_at") WHERE "notifications"."due_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "notifications_once" ON "notifications" USING btree ("endpoint","dedupe_key") WHERE "notifications"."endpoint" is not null;--> statement-breakpoint
CREATE INDEX "notifications_by_endpoint" ON "notifications" USING btree ("endpoint","id") WHERE "notifications"."endpoint" is not null;--> statement-breakpoint
CREATE INDEX "notifications_failed" ON "notifications" USING btree ("id") WHERE "notifications"."status" = 'failed';
--> statement-breakpoint
-- ISO 8601, as the API writes times.
CREATE FUNCTION errand_iso(moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
--> statement-breakpoint
-- Stages a message for each endpoint that wants to be told, once for each "key".
CREATE FUNCTION errand_notify(event text, account text, subject_type text, subject_id text, key text, data json) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO notifications (id, endpoint, accounts, event, account, subject_type, subject_id, url, target, dedupe_key, data)
  SELECT errand_uuid_v7(), e.id, e.accounts, $1, $2, $3, $4, e.url, 'endpoint/' || e.id, $1 || '/' || $5, $6
  FROM notification_endpoints e
  WHERE e.enabled AND $1 = ANY (e.events) AND (e.accounts = '{*}' OR $2 = ANY (e.accounts))
  ORDER BY e.id
  ON CONFLICT (endpoint, dedupe_key) WHERE endpoint IS NOT NULL DO NOTHING
$$;
--> statement-breakpoint
-- Stages a callback; callbacks to one host share a "target".
CREATE FUNCTION errand_call_back(event text, account text, subject_type text, subject_id text, url text, data json) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO notifications (id, accounts, event, account, subject_type, subject_id, url, target, data)
  VALUES (errand_uuid_v7(), ARRAY[$2], $1, $2, $3, $4, $5, 'host/' || lower(substring($5 FROM '^[A-Za-z]+://([^/?]+)')), $6)
$$;
--> statement-breakpoint
-- Triggers, so that no statement that ends something can forget to tell of it. Each fires only for rows that somebody is to
-- be told of; the rows that the same statement inserts, such as attempts, are there by then.
CREATE FUNCTION errand_tell_invocation() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  tries json;
  result json;
BEGIN
  SELECT json_agg(json_build_object('number', a.number, 'startedAt', errand_iso(a.started_at), 'durationMs', a.duration_ms,
      'outcome', a.outcome, 'status', a.status, 'error', a.error) ORDER BY a.number)
    INTO tries FROM attempts a WHERE a.invocation = NEW.id;
  IF NEW.status = 'succeeded' THEN
    SELECT json_build_object('status', a.status, 'contentType', a.content_type, 'bytes', a.result_bytes,
        'sha256', encode(a.sha256, 'hex'), 'unchanged', coalesce(a.unchanged, false))
      INTO result FROM attempts a WHERE a.invocation = NEW.id AND a.number = NEW.attempt;
  END IF;
  PERFORM errand_call_back('invocation.finished', NEW.account, 'invocation', NEW.id::text, NEW.callback_url,
    json_build_object('id', NEW.id, 'account', NEW.account, 'integration', NEW.integration, 'command', NEW.command,
      'lane', NEW.lane, 'status', NEW.status, 'tokens', NEW.tokens, 'reference', NEW.reference,
      'idempotencyKey', NEW.idempotency_key, 'batch', NEW.batch, 'attempts', coalesce(tries, '[]'), 'result', result,
      'error', NEW.error, 'createdAt', errand_iso(NEW.created_at), 'finishedAt', errand_iso(NEW.finished_at)));
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER invocations_tell AFTER UPDATE OF finished_at ON invocations FOR EACH ROW
WHEN (NEW.callback_url IS NOT NULL AND NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL)
EXECUTE FUNCTION errand_tell_invocation();
--> statement-breakpoint
CREATE FUNCTION errand_tell_batch() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  data json;
BEGIN
  SELECT json_build_object('id', NEW.id, 'account', NEW.account, 'integration', NEW.integration, 'command', NEW.command,
      'run', NEW.run, 'schedule', NEW.schedule, 'status', NEW.status, 'outcome', NEW.outcome, 'total', NEW.total,
      'succeeded', coalesce(sum(r.succeeded), 0), 'unchanged', coalesce(sum(r.unchanged), 0),
      'absent', coalesce(sum(r.absent), 0), 'failed', coalesce(sum(r.failed), 0),
      'cancelled', coalesce(sum(r.cancelled), 0), 'createdAt', errand_iso(NEW.created_at),
      'startedAt', errand_iso(NEW.started_at), 'finishedAt', errand_iso(NEW.finished_at))
    INTO data FROM batch_ranges r WHERE r.batch = NEW.id;
  IF NEW.callback_url IS NOT NULL THEN
    PERFORM errand_call_back('batch.finished', NEW.account, 'batch', NEW.id::text, NEW.callback_url, data);
  END IF;
  PERFORM errand_notify('batch.finished', NEW.account, 'batch', NEW.id::text, NEW.id || '/' || errand_iso(NEW.finished_at), data);
  IF NEW.run IS NOT NULL AND EXISTS (SELECT FROM notification_endpoints e WHERE e.enabled AND 'run.finished' = ANY (e.events)) THEN
    INSERT INTO run_endings (batch, run, account) VALUES (NEW.id, NEW.run, NEW.account)
    ON CONFLICT (batch) DO UPDATE SET at = now();
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER batches_tell AFTER UPDATE OF finished_at ON batches FOR EACH ROW
WHEN (NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL)
EXECUTE FUNCTION errand_tell_batch();
--> statement-breakpoint
-- One of each for a hold, which is known by when it began.
CREATE FUNCTION errand_tell_hold() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  began timestamptz := coalesce(NEW.held_since, OLD.held_since);
  owner record;
BEGIN
  SELECT i.account, i.name INTO owner FROM integrations i WHERE i.id = NEW.integration;
  PERFORM errand_notify(
    CASE WHEN NEW.hold IS NULL THEN 'integration.released' ELSE 'integration.held' END,
    owner.account, 'integration', NEW.integration, NEW.integration || '/' || errand_iso(began),
    json_build_object('integration', NEW.integration, 'account', owner.account, 'name', owner.name,
      'reason', coalesce(NEW.hold, OLD.hold), 'since', errand_iso(began), 'nextProbeAt', errand_iso(NEW.next_probe_at),
      'releasedAt', CASE WHEN NEW.hold IS NULL THEN errand_iso(NEW.released_at) END));
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER integration_flow_tell AFTER UPDATE OF hold ON integration_flow FOR EACH ROW
WHEN (NEW.hold IS NOT NULL AND OLD.hold IS NULL
  -- Not where it was deleted: then nobody lets it go.
  OR NEW.hold IS NULL AND OLD.hold IS NOT NULL AND NEW.released_at IS DISTINCT FROM OLD.released_at)
EXECUTE FUNCTION errand_tell_hold();
--> statement-breakpoint
-- A run that was skipped, began more than a minute late, or came to no batch.
CREATE FUNCTION errand_tell_schedule() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  why text := CASE WHEN NEW.last_outcome = 'running' THEN 'late' ELSE NEW.last_outcome END;
  due timestamptz := CASE WHEN why = 'failed' THEN NEW.last_run_at ELSE OLD.next_run_at END;
  owner text := (SELECT i.account FROM integrations i WHERE i.id = NEW.integration);
BEGIN
  PERFORM errand_notify('schedule.missed', owner, 'schedule', NEW.integration || '/' || NEW.name,
    NEW.integration || '/' || NEW.name || '/' || why || '/' || errand_iso(due),
    json_build_object('integration', NEW.integration, 'account', owner, 'schedule', NEW.name, 'why', why,
      'dueAt', errand_iso(due), 'reason', NEW.last_reason, 'nextRunAt', errand_iso(NEW.next_run_at)));
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER schedules_tell AFTER UPDATE OF last_outcome ON schedules FOR EACH ROW
WHEN (NEW.last_outcome = 'failed' AND NEW.last_batch IS NULL
  OR NEW.next_run_at IS DISTINCT FROM OLD.next_run_at AND (NEW.last_outcome = 'skipped'
    OR NEW.last_outcome = 'running' AND OLD.next_run_at < NEW.last_run_at - interval '1 minute'))
EXECUTE FUNCTION errand_tell_schedule();
