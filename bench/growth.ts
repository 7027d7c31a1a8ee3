import type { Client } from 'pg';
import { type BatchRound, batchRound, smallNight } from './batch.ts';
import type { Api } from './http.ts';
import { type Machine, withClient } from './machine.ts';

/** Rows that ended long ago. */
const oldRows = 5_000_000;
const rowsPerStatement = 250_000;

export type Growth = { rows: number; empty: BatchRound; grown: BatchRound };

/** The same night twice: before and after the tables are filled with invocations that have ended. */
export async function growth(machine: Machine, api: Api, count: number): Promise<Growth> {
  const night = (invoices: string) =>
    batchRound(machine, machine.redisUrl, api, { night: smallNight, count, invoices });
  await night('before-growth');
  const empty = await night('empty');
  await withClient(machine.databaseUrl, fill);
  await night('after-growth');
  return { rows: oldRows, empty, grown: await night('grown') };
}

/** Ids as they would be if they had come evenly over this month up to now. */
const idOfRow = `(lpad(to_hex(floor(extract(epoch from date_trunc('month', now())) * 1000
  + n * (extract(epoch from now() - date_trunc('month', now())) * 1000 / $2))::bigint), 12, '0') || '7' ||
  substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid`;

async function fill(client: Client): Promise<void> {
  for (let first = 1; first <= oldRows; first += rowsPerStatement) {
    const values = [first, oldRows, rowsPerStatement];
    await client.query(
      `with rows as (
         select ${idOfRow} as id, n, 'night-' || n % 8 as integration from generate_series($1::int, $1::int + $3::int - 1) as n
       ), invocation as (
         insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version,
           attempt, tried, claimed_at, first_attempt_at, finished_at)
         select id, 'default', integration, 'GetInvoiceImage', 'batch', 'succeeded',
           json_build_object('InvoiceNumber', 'OLD' || n), sha256(n::text::bytea), 1, 1, 1, now(), now(), now() from rows
       )
       insert into attempts (invocation, number, configuration_version, started_at, duration_ms, outcome, sent, status, sha256,
         result_bytes, content_type)
       select id, 1, 1, now(), 12, 'succeeded', true, 200, sha256(n::text::bytea), 1024, 'application/pdf' from rows`,
      values,
    );
    console.error(`${(first + rowsPerStatement - 1).toLocaleString('en-US')} old rows`);
  }
  await client.query('vacuum analyze invocations');
  await client.query('vacuum analyze attempts');
  // What the filling left to be written is not the night's.
  await client.query('checkpoint');
}
