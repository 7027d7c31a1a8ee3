import type { Pool } from 'pg';

export type Blob = { sha256: Buffer; bytes: Uint8Array };

/** Rows of one INSERT: 2 parameters each, and few enough that a statement stays small. */
const rowsPerInsert = 64;

/**
 * Keeps bytes once per SHA-256. A commit of its own before that of the results which refer to them: harmless if those
 * never come, because garbage collection takes only what nobody refers to and was not seen for days.
 *
 * Multi-row VALUES, not `unnest(bytea[])`: four times as fast for PDFs, since arrays of bytes travel as text.
 */
export async function keepBlobs(pool: Pool, blobs: readonly Blob[]): Promise<void> {
  // Sorted, so that two groups with the same hashes wait for each other instead of deadlocking.
  const sorted = [...blobs].sort((a, b) => Buffer.compare(a.sha256, b.sha256));
  for (let start = 0; start < sorted.length; start += rowsPerInsert) {
    const rows = sorted.slice(start, start + rowsPerInsert);
    const places = rows.map((_, index) => `($${index * 2 + 1}::bytea, $${index * 2 + 2}::bytea)`);
    await pool.query(
      `insert into blobs (sha256, bytes) values ${places.join(', ')}
       on conflict (sha256) do update set seen_on = current_date where blobs.seen_on < current_date`,
      rows.flatMap(({ sha256, bytes }) => [sha256, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]),
    );
  }
}

/** Marks those of `hashes` that are kept already as seen today, and answers which they are. */
export async function seeBlobs(pool: Pool, hashes: readonly Buffer[]): Promise<Buffer[]> {
  const { rows } = await pool.query<{ sha256: Buffer }>({
    name: 'see-blobs',
    text: `
with kept as (
  select sha256 from blobs where sha256 = any($1::bytea[]) order by sha256 for update
), seen as (
  update blobs b set seen_on = current_date from kept where b.sha256 = kept.sha256 and b.seen_on < current_date
)
select sha256 from kept`,
    values: [hashes],
  });
  return rows.map((row) => row.sha256);
}

export async function readBlob(pool: Pool, sha256: Buffer): Promise<Buffer | null> {
  const { rows } = await pool.query<{ bytes: Buffer }>({
    name: 'read-blob',
    text: 'select bytes from blobs where sha256 = $1',
    values: [sha256],
  });
  return rows[0]?.bytes ?? null;
}
