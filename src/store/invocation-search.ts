import { isUuid } from '../contract/uuid.ts';
import type { InvocationRow } from '../invocations/read.ts';
import type { Connection } from './database.ts';
import { fits, inReach, reachParameters } from './invocation-filters.ts';
import { rowColumns, withWait } from './invocation-rows.ts';

/** A value's beginning as `errand_search_values` has values. `$17` is what is searched for. */
const beginning = String.raw`
  ('''' || replace(replace(lower(left($17, 100)), '\', '\\'), '''', '''''') || ''':*')::tsquery`;
const hasValue = `errand_search_values(tokens) @@ ${beginning}`;
const isNamed = '(reference = $17 or id = $18::uuid)';

/** What more than one row in a hundred begins with fills a page from so many; all else is few enough for the index. */
const newestRows = 5_000;

const newestSql = withWait(`
select ${rowColumns} from (
  select * from invocations where ${inReach} order by id desc limit ${newestRows}
) invocations where ${fits} and (${hasValue} or ${isNamed})
order by id desc limit $16`);

const endOfNewestSql = `select id from invocations where ${inReach} order by id desc offset ${newestRows - 1} limit 1`;

/** The ids first and all of them, so that the index of values is used, and not the order that they are asked for in. */
const olderSql = withWait(`
with found as materialized (
  select id from invocations where ${inReach} and ${fits} and id < $19 and ${hasValue}
  union
  select id from invocations where ${inReach} and ${fits} and id < $19 and ${isNamed}
)
select ${rowColumns} from invocations where id in (select id from found order by id desc limit $16)`);

/**
 * Those with a token value that begins with `q`, or whose reference or id it is. The newest rows are read and compared, then
 * those before them are found by the index of values: it knows of no order, so what half of all rows have it cannot page.
 *
 * @param connection in a transaction
 * @param values those of `filterParameters`
 */
export async function searchInvocations(
  connection: Connection,
  values: readonly unknown[],
  { q, limit }: { q: string; limit: number },
): Promise<InvocationRow[]> {
  const asked = [q, isUuid(q) ? q : null];
  const newest = await connection.query<InvocationRow>(newestSql, [...values, limit, ...asked]);
  if (newest.rows.length === limit) return newest.rows;
  const end = await connection.query<{ id: string }>(endOfNewestSql, values.slice(0, reachParameters));
  const last = end.rows[0]?.id;
  if (last === undefined) return newest.rows;
  // The planner takes beginnings for more frequent than they are, and may rather read a whole table.
  await connection.query('set local enable_seqscan = off');
  const older = await connection.query<InvocationRow>(olderSql, [
    ...values,
    limit - newest.rows.length,
    ...asked,
    last,
  ]);
  return [...newest.rows, ...older.rows];
}
