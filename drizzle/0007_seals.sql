CREATE TABLE "audit_checkpoints" (
	"kind" text PRIMARY KEY NOT NULL,
	"up_to" bigint NOT NULL,
	"to_seq" bigint NOT NULL,
	"head" "bytea" NOT NULL,
	"key_id" text NOT NULL,
	"seal" "bytea" NOT NULL,
	"removed_to" bigint NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_floor" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"days" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_seals" (
	"number" bigint PRIMARY KEY NOT NULL,
	"from_seq" bigint NOT NULL,
	"to_seq" bigint NOT NULL,
	"entries" integer NOT NULL,
	"digest" "bytea" NOT NULL,
	"executions" integer NOT NULL,
	"executions_digest" "bytea" NOT NULL,
	"head" "bytea" NOT NULL,
	"key_id" text NOT NULL,
	"seal" "bytea" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE SEQUENCE "audit_log_seq";--> statement-breakpoint
-- An entry's place among those that are sealed. Whoever has a number has a transaction id already: so when all transactions
-- that began before a moment have ended, no number that was given out before it will turn up any more.
CREATE FUNCTION errand_next_audit_seq() RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_current_xact_id();
  RETURN nextval('audit_log_seq');
END
$$;
--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "seq" bigint NOT NULL DEFAULT errand_next_audit_seq();--> statement-breakpoint
CREATE INDEX "audit_seals_by_time" ON "audit_seals" USING btree ("at");--> statement-breakpoint
CREATE INDEX "audit_log_by_seq" ON "audit_log" USING btree ("seq");
--> statement-breakpoint
INSERT INTO "audit_floor" DEFAULT VALUES;
--> statement-breakpoint
-- What only the owner of the tables may do, and the leader has to: functions that do it for a role that may neither change
-- nor delete entries of the audit log.
--
-- Drops a month of invocations and their attempts; what "days" keep moves to the default partitions. Answers how many moved;
-- null, and nothing is done, if they are more than "most".
CREATE FUNCTION errand_drop_month(month text, days integer, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
  work text := 'invocations_' || month;
  tries text := 'attempts_' || month;
  kept text := 'finished_at IS NULL OR finished_at > now() - make_interval(days => $1)';
  moved bigint;
BEGIN
  IF month !~ '^\d{4}_\d{2}$' THEN
    RAISE EXCEPTION 'no month: %', month;
  END IF;
  EXECUTE format('SELECT count(*) FROM (SELECT FROM %I WHERE %s LIMIT $2 + 1) kept', work, kept) INTO moved USING days, most;
  IF moved > most THEN
    RETURN NULL;
  END IF;
  EXECUTE format('ALTER TABLE invocations DETACH PARTITION %I', work);
  EXECUTE format('ALTER TABLE attempts DETACH PARTITION %I', tries);
  EXECUTE format('INSERT INTO invocations SELECT * FROM %I WHERE ', work) || kept USING days;
  GET DIAGNOSTICS moved = ROW_COUNT;
  EXECUTE format('INSERT INTO attempts SELECT * FROM %I WHERE invocation IN (SELECT id FROM %I WHERE ', tries, work) || kept || ')'
    USING days;
  EXECUTE format('DROP TABLE %I, %I', work, tries);
  RETURN moved;
END
$$;
--> statement-breakpoint
-- Removes entries after one number up to another, of these actions or of all, as far as a checkpoint says that they are
-- removed, and none that is too young. A checkpoint that was not signed with a secret key is found by verifying.
CREATE FUNCTION errand_remove_audit(after bigint, up_to bigint, actions text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  said bigint := (SELECT c.to_seq FROM audit_checkpoints c WHERE c.kind = CASE WHEN actions IS NULL THEN 'all' ELSE 'executions' END);
  removed bigint;
BEGIN
  DELETE FROM audit_log a WHERE a.seq > after AND a.seq <= least(up_to, coalesce(said, 0))
    AND (actions IS NULL OR a.action = ANY (actions))
    AND a.at < now() - make_interval(days => (SELECT f.days FROM audit_floor f));
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;
--> statement-breakpoint
-- A step of removing the seals of entries that are all removed.
CREATE FUNCTION errand_remove_seals(up_to bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  said bigint := (SELECT c.up_to FROM audit_checkpoints c WHERE c.kind = 'all');
  removed bigint;
BEGIN
  DELETE FROM audit_seals WHERE number = ANY (ARRAY(
    SELECT s.number FROM audit_seals s WHERE s.number <= least(errand_remove_seals.up_to, coalesce(said, 0))
      AND s.at < now() - make_interval(days => (SELECT f.days FROM audit_floor f))
    ORDER BY s.number LIMIT 10000));
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;
--> statement-breakpoint
-- Drops a month of the audit log that is over, if it is empty.
CREATE FUNCTION errand_drop_audit_month(month text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '1s' AS $$
DECLARE
  name text := 'audit_log_' || month;
  remains boolean;
BEGIN
  IF month !~ '^\d{4}_\d{2}$' OR to_date(month, 'YYYY_MM') > now() - make_interval(days => 40) THEN
    RAISE EXCEPTION 'no past month: %', month;
  END IF;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
  EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO remains;
  IF NOT remains THEN
    EXECUTE format('DROP TABLE %I', name);
  END IF;
  RETURN NOT remains;
END
$$;
--> statement-breakpoint
ALTER FUNCTION errand_ensure_partitions(interval) SECURITY DEFINER;
--> statement-breakpoint
-- They run as the owner: whoever calls them must not have names of his own looked up, those of temporary tables last of all.
DO $$
DECLARE
  called regprocedure;
BEGIN
  FOREACH called IN ARRAY ARRAY['errand_ensure_partitions(interval)', 'errand_drop_month(text, integer, integer)',
    'errand_remove_audit(bigint, bigint, text[])', 'errand_remove_seals(bigint)', 'errand_drop_audit_month(text)']::regprocedure[]
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', called, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', called);
  END LOOP;
END
$$;
