-- What an integration's limits allow, for all worker processes together. Functions, because each statement of a volatile
-- function sees what was committed before it began: a plain statement would count with what it saw before it had the lock.
-- Callers that name several integrations lock them in one order, so that they never deadlock.

-- Leases slots of integrations to a worker: "held" it has in use, "wanted" it could use. The answer is how many it may
-- use; none, and nothing held, ends its lease. "contended": somebody else waits for what is not used.
--
-- One slot, or as many as interactive workers could use, is not for batch, which keeps one of several. Workers of a lane
-- that want more than there is get equal shares. With one slot in all, whoever comes first has it, and a click goes first.
CREATE FUNCTION errand_lease_slots(lock_class int, my_worker uuid, my_lane text, lease_ms int, default_limit int,
  asked text[], asked_held int[], asked_wanted int[])
RETURNS TABLE (integration text, slots int, contended boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  ask record;
  other record;
  most int;
  lane_most int;
  due int;
  free int;
BEGIN
  FOR ask IN
    SELECT t.id, t.held, t.wanted FROM unnest(asked, asked_held, asked_wanted) AS t(id, held, wanted)
    ORDER BY hashtext(t.id), t.id
  LOOP
    PERFORM pg_advisory_xact_lock(lock_class, hashtext(ask.id));
    most := coalesce((SELECT (i.limits->>'concurrency')::int FROM integrations i WHERE i.id = ask.id), default_limit);
    SELECT coalesce(sum(l.slots), 0)::int AS slots,
      coalesce(sum(l.slots) FILTER (WHERE l.lane = my_lane), 0)::int AS lane_slots,
      coalesce(sum(l.slots) FILTER (WHERE l.lane = 'interactive'), 0)::int AS interactive_slots,
      coalesce(sum(greatest(l.slots, l.wanted)) FILTER (WHERE l.lane = 'interactive'), 0)::int AS interactive_wanted,
      coalesce(bool_or(l.slots < l.wanted) FILTER (WHERE l.lane = 'interactive'), false) AS interactive_waits,
      coalesce(bool_or(l.slots < l.wanted) FILTER (WHERE l.lane = 'batch'), false) AS batch_waits,
      min(l.slots) FILTER (WHERE l.lane = my_lane AND l.slots < l.wanted) AS poorest,
      count(*)::int AS workers,
      count(*) FILTER (WHERE l.lane = my_lane)::int AS lane_workers
    INTO other
    FROM slot_leases l
    WHERE l.integration = ask.id AND l.worker <> my_worker AND l.until > clock_timestamp();

    lane_most := most;
    IF my_lane = 'batch' THEN
      lane_most := most - CASE WHEN most = 1 THEN least(other.interactive_wanted, 1)
        ELSE least(greatest(other.interactive_wanted, 1), most - 1) END;
    END IF;
    due := lane_most / (other.lane_workers + 1);
    free := least(most - other.slots, lane_most - other.lane_slots);
    IF other.poorest < due THEN
      free := least(free, lane_most - due * other.lane_workers);
    END IF;

    integration := ask.id;
    slots := greatest(0, least(ask.wanted, free));
    contended := CASE
      WHEN most = 1 THEN other.workers > 0
      WHEN other.poorest < due THEN true
      WHEN my_lane = 'batch' THEN other.interactive_waits
      -- One slot is interactive's by right; more is only while it is used.
      ELSE other.batch_waits AND other.interactive_slots + slots > 1
    END;
    IF ask.held = 0 AND ask.wanted = 0 THEN
      DELETE FROM slot_leases l WHERE l.integration = ask.id AND l.worker = my_worker;
    ELSE
      INSERT INTO slot_leases AS l (integration, worker, lane, slots, wanted, until)
      VALUES (ask.id, my_worker, my_lane, greatest(ask.held, slots), least(ask.wanted, most),
        clock_timestamp() + lease_ms * interval '1 millisecond')
      ON CONFLICT ON CONSTRAINT slot_leases_integration_worker_pk DO UPDATE
        SET slots = excluded.slots, wanted = excluded.wanted, until = excluded.until;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;
--> statement-breakpoint
-- An integration's rates as they are for a lane: a fifth of each, but not of 1, is kept for interactive.
CREATE FUNCTION errand_rates(of_integration text, for_lane text) RETURNS TABLE (per_seconds int, most int)
LANGUAGE sql STABLE AS $$
  SELECT rate.per_seconds,
    rate.most - CASE WHEN for_lane = 'interactive' OR rate.most = 1 THEN 0 ELSE ceil(rate.most / 5.0)::int END
  FROM (
    SELECT (r->>'perSeconds')::int AS per_seconds, min(least((r->>'count')::numeric, 1000000000))::int AS most
    FROM integrations i CROSS JOIN LATERAL jsonb_array_elements(i.limits->'rates') r
    WHERE i.id = of_integration GROUP BY 1
  ) rate
$$;
--> statement-breakpoint
-- Permits for requests under all rates of an integration together. A window slides in slices of a sixtieth: counted are
-- those that lie in it at least in part, and one more, for the time between a permit and its request. Where less is
-- granted than wanted, "wait_ms" says when the next one will be free.
CREATE FUNCTION errand_grant_rates(lock_class int, my_lane text, asked text[], asked_wanted int[])
RETURNS TABLE (integration text, granted int, wait_ms float8)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  ask record;
  at float8;
  slices CONSTANT int := 60;
BEGIN
  FOR ask IN
    SELECT t.id, t.wanted FROM unnest(asked, asked_wanted) AS t(id, wanted) ORDER BY hashtext(t.id), t.id
  LOOP
    PERFORM pg_advisory_xact_lock(lock_class, hashtext(ask.id));
    at := extract(epoch FROM clock_timestamp());
    integration := ask.id;

    DELETE FROM rate_grants g
    WHERE g.integration = ask.id AND g.slice < floor(at * slices / g.per_seconds) - slices - 1;

    -- Without rates there is nothing to count, and "min" is null.
    SELECT least(ask.wanted, CASE WHEN count(*) > 0 THEN greatest(0, min(r.most - (
      SELECT coalesce(sum(g.granted), 0) FROM rate_grants g
      WHERE g.integration = ask.id AND g.per_seconds = r.per_seconds))) END)::int
    INTO granted FROM errand_rates(ask.id, my_lane) r;

    IF granted > 0 THEN
      INSERT INTO rate_grants AS g (integration, per_seconds, slice, granted)
      SELECT ask.id, r.per_seconds, floor(at * slices / r.per_seconds)::bigint, granted
      FROM errand_rates(ask.id, my_lane) r
      ON CONFLICT ON CONSTRAINT rate_grants_integration_per_seconds_slice_pk DO UPDATE
        SET granted = g.granted + excluded.granted;
    END IF;

    wait_ms := NULL;
    IF granted < ask.wanted THEN
      -- For each rate that is used up: the oldest slice without which it is not.
      SELECT max(greatest(1, ceil(((used_up.slice + slices + 2) * used_up.per_seconds / slices::float8 - at) * 1000)))
      INTO wait_ms
      FROM (
        SELECT r.per_seconds, min(s.slice) AS slice
        FROM errand_rates(ask.id, my_lane) r CROSS JOIN LATERAL (
          SELECT g.slice, sum(g.granted) OVER () AS used,
            coalesce(sum(g.granted) OVER (
              ORDER BY g.slice DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer
          FROM rate_grants g WHERE g.integration = ask.id AND g.per_seconds = r.per_seconds
        ) s
        WHERE s.used >= r.most AND s.newer < r.most
        GROUP BY r.per_seconds
      ) used_up;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;
