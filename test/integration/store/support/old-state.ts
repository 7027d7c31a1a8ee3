import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';

const drizzleFolder = path.resolve(import.meta.dirname, '../../../../drizzle');

type Journal = { entries: { idx: number; tag: string }[] };

async function journal(): Promise<Journal> {
  return JSON.parse(await readFile(path.join(drizzleFolder, 'meta/_journal.json'), 'utf8'));
}

/** From which migration on there is what this needs. */
export const since = { batches: 3, seals: 7 };

/** The first alone is no state to upgrade from: it has no partitions yet, so no rows. */
const firstState = 1;

/**
 * States that a database can be upgraded from, by the number of their last migration: the oldest, the first with batches, and
 * the one before the newest. All of them where `ERRAND_TEST_UPGRADE` is `all`, which takes 20 s each.
 */
export async function oldStates(): Promise<{ number: number; tag: string }[]> {
  const { entries } = await journal();
  const states = entries.slice(firstState, -1).map(({ idx, tag }) => ({ number: idx, tag }));
  if (process.env.ERRAND_TEST_UPGRADE === 'all') return states;
  return states.filter(({ number }) => [firstState, since.batches, entries.length - 2].includes(number));
}

/** Applies the migrations up to this one, as Errand did when it was the newest. */
export async function migrateTo(pool: Pool, number: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'errand-migrations-'));
  try {
    await cp(drizzleFolder, folder, { recursive: true });
    const known = await journal();
    const entries = known.entries.filter(({ idx }) => idx <= number);
    await writeFile(path.join(folder, 'meta/_journal.json'), JSON.stringify({ ...known, entries }));
    const client = await pool.connect();
    try {
      await migrate(drizzle({ client }), { migrationsFolder: folder });
    } finally {
      client.release();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const pdf = Buffer.from('%PDF-1.7\nan invoice of before\n%%EOF\n');
export const definition = {
  request: {
    method: 'GET',
    url: '{{baseUrl}}/{{InvoiceNumber}}',
    headers: [{ key: 'X-Api-Key', value: '{{apiKey}}' }],
    body: '',
  },
  accept: { contentTypes: ['application/pdf'] },
  retry: { attempts: 3, baseMs: 50, maxMs: 100 },
};

type Base = { baseUrl: string; sealedSecret: string; key: { id: string; hash: Buffer } };

/** What an installation has at any state: an integration, a key, and invocations in each status. */
export async function fillBase(pool: Pool, { baseUrl, sealedSecret, key }: Base) {
  const by = JSON.stringify({ type: 'key', id: key.id, name: 'of before' });
  await pool.query(
    `insert into api_keys (id, name, role, accounts, hash) values ($1, 'of before', 'admin', '{*}', $2)`,
    [key.id, key.hash],
  );
  await pool.query(
    `insert into integrations (id, account, name, type, status, limits, configuration_version, last_sync_at)
     values ('acme', 'north', 'Acme', 'custom', 'active', '{"concurrency": 4}', 2, '2026-01-02T03:04:05Z')`,
  );
  await pool.query(
    `insert into integration_values (integration, name, since, kind, value, sealed, hint)
     values ('acme', 'baseUrl', 1, 'variable', $1, null, null), ('acme', 'apiKey', 2, 'secret', null, $2, 'aKey...fore')`,
    [baseUrl, sealedSecret],
  );
  await pool.query(
    `insert into command_versions (integration, name, version, definition, saved_by)
     values ('acme', 'GetInvoiceImage', 1, $1, $2), ('acme', 'GetInvoiceImage', 2, $1, $2)`,
    [JSON.stringify(definition), by],
  );
  await pool.query(`insert into commands (integration, name, version) values ('acme', 'GetInvoiceImage', 2)`);
  await pool.query(
    `insert into command_types (name, tokens) values ('GetThing', '[{"name": "Number", "required": true}]')`,
  );
  const ids = await fillInvocations(pool);
  const actions = ['key.created', 'integration.created', 'invocation.accepted', 'invocation.succeeded'];
  for (const action of actions) {
    await pool.query(
      `insert into audit_log (id, account, actor_type, actor_id, actor_name, action, subject_type, subject_id, details)
       values ($1, 'north', 'key', $2, 'of before', $3, 'integration', 'acme', '{"of": "before"}')`,
      [uuidv7(), key.id, action],
    );
  }
  return { ids, audited: actions.length };
}

const failure = { code: 'unexpected-status', message: 'The server answered 410 Gone.', side: 'customer-server' };
const open = ['queued', 'running', 'retrying'] as const;
type Status = (typeof open)[number] | 'succeeded' | 'failed' | 'cancelled';

async function fillInvocations(pool: Pool): Promise<Record<Status, string>> {
  const sha256 = createHash('sha256').update(pdf).digest();
  await pool.query('insert into blobs (sha256, bytes) values ($1, $2)', [sha256, pdf]);
  const ids = {} as Record<Status, string>;
  for (const status of [...open, 'succeeded', 'failed', 'cancelled'] as const) {
    const id = uuidv7();
    ids[status] = id;
    const isOpen = open.some((each) => each === status);
    const tried = status === 'queued' || status === 'cancelled' ? 0 : 1;
    await pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, reference,
         configuration_version, attempt, tried, worker, claimed_at, first_attempt_at, due_at, error, finished_at)
       values ($1, 'north', 'acme', 'GetInvoiceImage', 'batch', $2, $3, $4, $2, 2, $5, $5, $6,
         case when $5 > 0 then now() end, case when $5 > 0 then now() end, case when $7 then now() end, $8,
         case when not $7 then now() end)`,
      [
        id,
        status,
        JSON.stringify({ InvoiceNumber: `before-${status}` }),
        Buffer.from(`fingerprint of ${status}`),
        tried,
        // Its worker did not come back after the upgrade.
        status === 'running' ? randomUUID() : null,
        isOpen,
        status === 'failed' ? JSON.stringify(failure) : null,
      ],
    );
  }
  await pool.query(
    `insert into attempts (invocation, number, command_version, configuration_version, started_at, duration_ms, outcome, sent,
       status, error, response_headers, response_bytes, content_type, sha256, result_bytes, unchanged, last_sync_at)
     values ($1, 1, 1, 2, now(), 12, 'succeeded', true, 200, null, '[]', $4, 'application/pdf', $5, $4, false, now()),
       ($2, 1, 2, 2, now(), 12, 'permanent', true, 410, $6, '[]', 0, null, null, null, null, null),
       ($3, 1, 2, 2, now(), 12, 'retryable', true, 503, $6, '[]', 0, null, null, null, null, null)`,
    [ids.succeeded, ids.failed, ids.retrying, pdf.byteLength, sha256, JSON.stringify(failure)],
  );
  await pool.query(
    `insert into latest_results (integration, command, fingerprint, invocation, attempt, sha256, content_type, at)
     values ('acme', 'GetInvoiceImage', $1, $2, 1, $3, 'application/pdf', now())`,
    [Buffer.from('fingerprint of succeeded'), ids.succeeded, sha256],
  );
  await pool.query(
    `insert into idempotency_keys (integration, command, key, invocation, fingerprint)
     values ('acme', 'GetInvoiceImage', 'a key of before', $1, $2)`,
    [ids.succeeded, Buffer.from('fingerprint')],
  );
  return ids;
}

/** A batch that was in the middle of its night, one that was being received, and a schedule. */
export async function fillBatches(pool: Pool) {
  const [half, receiving] = [uuidv7(), uuidv7()];
  const by = JSON.stringify({ type: 'system', id: 'system', name: null });
  const rows = Array.from({ length: 6 }, () => uuidv7());
  for (const [index, id] of rows.entries()) {
    const status = index === 0 ? 'succeeded' : index === 1 ? 'retrying' : 'queued';
    await pool.query(
      `insert into invocations (id, account, integration, command, lane, status, tokens, fingerprint, configuration_version,
         attempt, tried, first_attempt_at, due_at, finished_at, batch, batch_range)
       values ($1, 'north', 'acme', 'GetInvoiceImage', 'batch', $2, $3, $4, 2, $5, $5, case when $5 > 0 then now() end,
         case when $2 = 'retrying' then now() end, case when $2 = 'succeeded' then now() end, $6, $7)`,
      [
        id,
        status,
        JSON.stringify({ InvoiceNumber: `night-${index}` }),
        Buffer.from(`night ${index}`),
        index < 2 ? 1 : 0,
        index < 4 ? half : receiving,
        index < 2 ? 0 : index < 4 ? 1 : 0,
      ],
    );
  }
  await pool.query(
    `insert into batches (id, account, integration, command, run, status, total, first_id, last_id, created_by, received_at,
       started_at)
     values ($1, 'north', 'acme', 'GetInvoiceImage', 'a night', 'running', 4, $2, $3, $4, now(), now()),
       ($5, 'north', 'acme', 'GetInvoiceImage', 'a night', 'receiving', 2, $6, $7, $4, now() - interval '1 hour', null)`,
    [half, rows[0], rows[3], by, receiving, rows[4], rows[5]],
  );
  await pool.query(
    `insert into batch_ranges (batch, number, first_id, last_id, size, status, succeeded)
     values ($1, 0, $2, $3, 2, 'passed', 1), ($1, 1, $4, $5, 2, 'waiting', 0), ($6, 0, $7, $8, 2, 'waiting', 0)`,
    [half, rows[0], rows[1], rows[2], rows[3], receiving, rows[4], rows[5]],
  );
  await pool.query(
    `insert into schedules (integration, name, command, cron, timezone, enabled, items, next_run_at, enabled_since)
     values ('acme', 'nightly', 'GetInvoiceImage', '0 2 * * *', 'America/Chicago', true, $1, now() + interval '1 day', now())`,
    [JSON.stringify([{ tokens: { InvoiceNumber: 'scheduled-1' } }])],
  );
  return { half, receiving };
}
