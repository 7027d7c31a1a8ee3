import type { Pool } from 'pg';
import { breaker } from '../judging/breaker.ts';
import { boundsOf } from './bounds.ts';
import { isProbeDue, justNow } from './held.ts';

/** How long until the next probe, after so many that failed; arguments are SQL. */
export const untilProbe = (kind: string, probes: string) => `least(${breaker.longestProbeSeconds},
    case when ${kind} = 'unwell' then ${breaker.firstProbeSecondsUnwell} else ${breaker.firstProbeSeconds} end
    * power(2, least(${probes}, 20))) * interval '1 second'`;

/** @param candidates SQL: at most one row `id` of each `integration` whose probe is due */
export const grantSql = (candidates: string) => `
with candidates as (
  ${candidates}
), due as (
  select f.integration from candidates c join integration_flow f on f.integration = c.integration
  -- Looked at again under the lock: whoever was first has moved the time on.
  where f.hold is not null and f.next_probe_at <= ${justNow}
  order by f.integration for update of f
)
update integration_flow f set probe = c.id, next_probe_at = now() + ${untilProbe('f.streak_kind', 'f.probes')}
from due d join candidates c on c.integration = d.integration
where f.integration = d.integration
returning c.id`;

const grantOfSql = grantSql(`select distinct on (i.integration) i.integration, i.id from invocations i
  where i.id = any($1::uuid[]) and i.id between $3 and $4
    and (i.status in ('queued', 'retrying') or i.id = any($2::uuid[]))
    and ${isProbeDue('i.integration')}
  order by i.integration, i.id`);

/**
 * Of these rows, grants one of each held integration whose time has come its probe: it may be sent although the integration
 * is held, and nobody else's is until the next time.
 *
 * @param waiting rows that are free, if nobody has taken them meanwhile
 * @param taken interactive rows that were claimed just now, and not sent
 * @returns the ids of those rows; they are not claimed yet
 */
export async function grantProbes(pool: Pool, waiting: readonly string[], taken: readonly string[]): Promise<string[]> {
  const ids = [...waiting, ...taken];
  if (ids.length === 0) return [];
  const { rows } = await pool.query<{ id: string }>({
    name: 'grant-probes',
    text: grantOfSql,
    values: [ids, taken, ...boundsOf(ids)],
  });
  return rows.map(({ id }) => id);
}

/** Held integrations of which one invocation may be let through now, to see whether their endpoints are well again. */
export async function probesDue(pool: Pool, limit: number): Promise<string[]> {
  const { rows } = await pool.query<{ integration: string }>({
    name: 'probes-due',
    text: `
select f.integration from integration_flow f
where f.hold is not null and f.next_probe_at <= ${justNow} and ${isProbeDue('f.integration')}
order by f.next_probe_at limit $1`,
    values: [limit],
  });
  return rows.map(({ integration }) => integration);
}
