import type { Pool } from 'pg';
import type { KnownResult } from '../invocations/invocation.ts';
import type { LatestRow } from '../invocations/latest.ts';

/**
 * SQL: the newest good result for the tokens of a row of `invocations`, as JSON, if its answer had validators and its
 * bytes are there; else null. Two look-ups by primary key: a scalar sub-query, lest the planner joins whole tables.
 */
export const knownResultOf = (row: string): string => `(
  select json_build_object('etag', l.etag, 'lastModified', l.last_modified, 'sha256', encode(l.sha256, 'hex'),
    'contentType', l.content_type, 'commandVersion', l.command_version, 'configurationVersion', l.configuration_version,
    'size', (select octet_length(b.bytes) from blobs b where b.sha256 = l.sha256))
  from latest_results l
  where (l.integration, l.command, l.fingerprint) = (${row}.integration, ${row}.command, ${row}.fingerprint)
    and (l.etag is not null or l.last_modified is not null))`;

/** What `knownResultOf` answers. */
export type KnownJson = Omit<KnownResult, 'sha256' | 'size'> & { sha256: string; size: number | null };

export function knownResult(json: KnownJson | null): KnownResult | null {
  if (json === null || json.size === null) return null;
  return { ...json, size: json.size, sha256: Buffer.from(json.sha256, 'hex') };
}

/** The newest good result under any of these fingerprints whose bytes are there. */
export async function findLatest(
  pool: Pool,
  integration: string,
  command: string,
  fingerprints: readonly Buffer[],
): Promise<LatestRow | null> {
  const { rows } = await pool.query<LatestRow>({
    name: 'find-latest',
    text: `
select l.invocation, l.content_type as "contentType", l.sha256, octet_length(b.bytes) as size, l.at,
  greatest(0, floor(extract(epoch from now() - l.at)))::int as "ageSeconds"
from latest_results l
join blobs b on b.sha256 = l.sha256
where l.integration = $1 and l.command = $2 and l.fingerprint = any($3::bytea[])
order by l.at desc limit 1`,
    values: [integration, command, fingerprints],
  });
  return rows[0] ?? null;
}
