-- The smallest UUIDv7 of a moment (RFC 9562 §5.7: the first 48 bits are Unix milliseconds).
CREATE FUNCTION errand_uuid_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (lpad(to_hex(greatest(0, extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
--> statement-breakpoint
-- Makes the monthly partitions from last month's to that of "ahead"; run by every migration and hourly by the leader.
-- Invocations are updated a few times in their life: room on the page keeps those updates HOT.
CREATE FUNCTION errand_ensure_partitions(ahead interval DEFAULT '3 months') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  first_day timestamptz := date_trunc('month', now() AT TIME ZONE 'UTC' - interval '1 month') AT TIME ZONE 'UTC';
  next_day timestamptz;
  suffix text;
  parent text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('errand_ensure_partitions'));
  WHILE first_day <= now() + ahead LOOP
    next_day := (first_day AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    suffix := to_char(first_day AT TIME ZONE 'UTC', '_YYYY_MM');
    FOREACH parent IN ARRAY ARRAY['invocations', 'attempts', 'audit_log'] LOOP
      IF to_regclass(quote_ident(parent || suffix)) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)%s', parent || suffix, parent,
          errand_uuid_floor(first_day), errand_uuid_floor(next_day),
          CASE parent WHEN 'invocations' THEN ' WITH (fillfactor = 60)' ELSE '' END);
      END IF;
    END LOOP;
    first_day := next_day;
  END LOOP;
END
$$;
--> statement-breakpoint
-- For ids that no month has: a row is never refused because a partition is missing.
CREATE TABLE invocations_default PARTITION OF invocations DEFAULT WITH (fillfactor = 60);
--> statement-breakpoint
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;
--> statement-breakpoint
CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;
--> statement-breakpoint
SELECT errand_ensure_partitions();
--> statement-breakpoint
-- PDFs do not compress: spare the effort.
ALTER TABLE blobs ALTER COLUMN bytes SET STORAGE EXTERNAL;
--> statement-breakpoint
-- A new UUIDv7, for the rows that a statement makes by itself (PostgreSQL has its own only from 18 on).
CREATE FUNCTION errand_uuid_v7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_byte(set_byte(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    6, (get_byte(uuid_send(gen_random_uuid()), 6) & 15) | 112), 8, (get_byte(uuid_send(gen_random_uuid()), 8) & 63) | 128), 'hex')::uuid
$$;
