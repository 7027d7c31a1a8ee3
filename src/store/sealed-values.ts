import { fingerprintKeyContext } from '../integrations/fingerprint-key.ts';
import type { SealedCount, SealedRecord, SealedStore } from '../integrations/rotation.ts';
import { secretContext } from '../integrations/secret-context.ts';
import { sealedTokensContext } from '../invocations/prepare.ts';
import { signingContext } from '../notifications/signing.ts';
import { boundsOf } from './bounds.ts';
import type { Database } from './database.ts';

/** Rows of one statement. Sealed tokens may have 350 kB each. */
const stepRows = 200;
/** Invocations that one statement looks at: most have no sensitive tokens, and no index says which. */
const stepIds = 5_000;

const firstId = '00000000-0000-0000-0000-000000000000';

/** Every table that holds sealed values. Whatever is added here is sealed anew when a key is replaced. */
export function createSealedStore(database: Database): SealedStore {
  return {
    async *counts() {
      yield await countFew(database);
      for await (const range of idRanges(database)) yield await countTokens(database, range);
    },
    async *sealedOtherwise(key) {
      yield* fewSealedOtherwise(database, key);
      yield* signingSealedOtherwise(database, key);
      for await (const range of idRanges(database)) yield* tokensSealedOtherwise(database, key, range);
    },
    async replace(records) {
      const of = (kind: SealedRecord['kind']) => records.filter(({ record }) => record.kind === kind);
      const secrets = await replaceIn(database, replaceSecretsSql, of('secret'));
      const keys = await replaceIn(database, replaceKeysSql, of('fingerprint-key'));
      const signing = await replaceIn(database, replaceSigningSql, of('signing-secret'));
      const tokens = of('invocation');
      const bounds = boundsOf(tokens.map(({ record }) => idOf(record)));
      return secrets + keys + signing + (await replaceIn(database, replaceTokensSql, tokens, bounds));
    },
  };
}

/** The part of a record that names its key. */
const keyOf = (column: string) => `split_part(${column}, '.', 2)`;

async function countFew(database: Database): Promise<SealedCount[]> {
  const { rows } = await database.query<SealedCount>(
    `select 'secret' as kind, integration, name, ${keyOf('sealed')} as key, count(*)::int as count
     from integration_values where sealed is not null group by 2, 3, 4
     union all
     select 'fingerprint-key', null, null, ${keyOf('sealed')}, 1 from sealed_keys
     union all
     select 'signing-secret', null, null, ${keyOf('sealed')}, count(*)::int from (${signingSealed}) s group by 4`,
  );
  return rows;
}

async function countTokens(database: Database, { after, last }: IdRange): Promise<SealedCount[]> {
  const { rows } = await database.query<SealedCount>(
    `select 'invocation' as kind, integration, null as name, ${keyOf('sealed_tokens')} as key, count(*)::int as count
     from invocations where id > $1 and id <= $2 and sealed_tokens is not null group by 2, 4`,
    [after, last],
  );
  return rows;
}

/** Invocations after the one and up to the other. */
type IdRange = { after: string; last: string };

/** All invocations that there are now, in ranges: each lies in one partition or in two that follow one another. */
async function* idRanges(database: Database): AsyncGenerator<IdRange> {
  const { rows } = await database.query<{ id: string }>('select id from invocations order by id desc limit 1');
  const end = rows[0]?.id;
  for (let after = firstId; end !== undefined && after < end; ) {
    const found = await database.query<{ id: string }>(
      'select id from invocations where id > $1 and id <= $2 order by id offset $3 limit 1',
      [after, end, stepIds - 1],
    );
    const last = found.rows[0]?.id ?? end;
    yield { after, last };
    after = last;
  }
}

/** Both secrets of each owner, `place` tells them apart. A secret that was replaced longer ago is good for nothing. */
const signingSealed = `select owner, 'sealed' as place, sealed from signing_secrets
  union all select owner, 'previous', previous_sealed from signing_secrets where previous_until > now()`;

async function* signingSealedOtherwise(database: Database, key: string): AsyncGenerator<SealedRecord[]> {
  let after = ['', ''];
  for (;;) {
    const { rows } = await database.query<{ owner: string; place: string; sealed: string }>(
      `select owner, place, sealed from (${signingSealed}) s where (owner, place) > ($1, $2) and not starts_with(sealed, $3)
       order by owner, place limit $4`,
      [...after, prefixOf(key), stepRows],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = [last.owner, last.place];
    yield rows.map(({ owner, place, sealed }) => {
      const row = JSON.stringify([owner, place]);
      return { kind: 'signing-secret', row, context: signingContext(owner), integration: null, name: null, sealed };
    });
  }
}

type FewRow = { kind: 'secret' | 'fingerprint-key'; integration: string; name: string; since: number; sealed: string };

async function* fewSealedOtherwise(database: Database, key: string): AsyncGenerator<SealedRecord[]> {
  const keys = await database.query<{ purpose: string; sealed: string }>(
    'select purpose, sealed from sealed_keys where not starts_with(sealed, $1)',
    [prefixOf(key)],
  );
  const none = { integration: null, name: null };
  yield keys.rows.map(({ purpose, sealed }) => {
    return { kind: 'fingerprint-key', row: JSON.stringify([purpose]), context: fingerprintKeyContext, sealed, ...none };
  });
  let after: [string, string, number] = ['', '', 0];
  for (;;) {
    const { rows } = await database.query<FewRow>(
      `select integration, name, since, sealed from integration_values
       where (integration, name, since) > ($1, $2, $3) and sealed is not null and not starts_with(sealed, $4)
       order by integration, name, since limit $5`,
      [...after, prefixOf(key), stepRows],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = [last.integration, last.name, last.since];
    yield rows.map(({ integration, name, since, sealed }) => {
      const row = JSON.stringify([integration, name, since]);
      return { kind: 'secret', row, context: secretContext(integration, name), integration, name, sealed };
    });
  }
}

async function* tokensSealedOtherwise(database: Database, key: string, range: IdRange): AsyncGenerator<SealedRecord[]> {
  for (let after = range.after; ; ) {
    const { rows } = await database.query<{ id: string; integration: string; sealed: string }>(
      `select id, integration, sealed_tokens as sealed from invocations
       where id > $1 and id <= $2 and sealed_tokens is not null and not starts_with(sealed_tokens, $3)
       order by id limit $4`,
      [after, range.last, prefixOf(key), stepRows],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ id, integration, sealed }) => {
      const row = JSON.stringify([id]);
      return { kind: 'invocation', row, context: sealedTokensContext(id), integration, name: null, sealed };
    });
    if (rows.length < stepRows) return;
    after = last.id;
  }
}

const idOf = ({ row }: SealedRecord): string => JSON.parse(row)[0];
const prefixOf = (key: string) => `v1.${key}.`;

// Rows that somebody holds are passed over, and so nobody ever waits for this in a circle: they come in the next round.
// Who passes over rows that are held here (the sweep) finds them two seconds later.

const asked = `select row, before, after from unnest($1::json[], $2::text[], $3::text[]) as t(row, before, after)`;

const replaceSecretsSql = `
with asked as (${asked}), locked as (
  select v.integration, v.name, v.since, a.after
  from asked a join integration_values v
    on (v.integration, v.name, v.since) = (a.row->>0, a.row->>1, (a.row->>2)::int) and v.sealed = a.before
  order by v.integration, v.name, v.since for update of v skip locked
)
update integration_values v set sealed = l.after from locked l
where (v.integration, v.name, v.since) = (l.integration, l.name, l.since)`;

const replaceKeysSql = `
with asked as (${asked}), locked as (
  select k.purpose, a.after from asked a join sealed_keys k on k.purpose = a.row->>0 and k.sealed = a.before
  for update of k skip locked
)
update sealed_keys k set sealed = l.after from locked l where k.purpose = l.purpose`;

const replaceSigningSql = `
with asked as (${asked}), locked as (
  select s.owner, a.row->>1 as place, a.after from asked a join signing_secrets s on s.owner = a.row->>0
    and a.before = case a.row->>1 when 'previous' then s.previous_sealed else s.sealed end
  order by s.owner for update of s skip locked
), paired as (
  select owner, max(after) filter (where place = 'sealed') as sealed, max(after) filter (where place = 'previous') as previous,
    count(*) as count
  from locked group by owner
), replaced as (
  update signing_secrets s set sealed = coalesce(p.sealed, s.sealed), previous_sealed = coalesce(p.previous, s.previous_sealed)
  from paired p where s.owner = p.owner returning p.count
)
-- As many rows as values.
select from replaced, generate_series(1, count)`;

const replaceTokensSql = `
with asked as (${asked}), locked as (
  select i.id, a.after from asked a join invocations i on i.id = (a.row->>0)::uuid and i.sealed_tokens = a.before
  where i.id between $4 and $5
  order by i.id for update of i skip locked
)
update invocations i set sealed_tokens = l.after from locked l where i.id = l.id and i.id between $4 and $5`;

async function replaceIn(
  database: Database,
  text: string,
  records: readonly { record: SealedRecord; sealed: string }[],
  bounds: readonly string[] = [],
): Promise<number> {
  if (records.length === 0) return 0;
  const { rowCount } = await database.query(text, [
    records.map(({ record }) => record.row),
    records.map(({ record }) => record.sealed),
    records.map(({ sealed }) => sealed),
    ...bounds,
  ]);
  return rowCount ?? 0;
}
