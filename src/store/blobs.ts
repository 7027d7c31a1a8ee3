import type { Pool } from 'pg';

export type Blob = { sha256: Buffer; bytes: Uint8Array };

/** Inserts from two arrays, `$first` the hashes and `$first + 1` the bytes; for a statement of its own or as a part of one. */
export function blobInsert(first: number): string {
  return `insert into blobs (sha256, bytes)
  select sha256, bytes from unnest($${first}::bytea[], $${first + 1}::bytea[]) as b(sha256, bytes)
  -- Sorted, so that two groups with the same hashes wait for each other instead of deadlocking.
  order by sha256
  on conflict (sha256) do update set seen_on = current_date where blobs.seen_on < current_date`;
}

/** The parameters of `blobInsert`. */
blobInsert.values = (blobs: readonly Blob[]): unknown[] => [
  byteaArray(blobs.map(({ sha256 }) => sha256)),
  byteaArray(blobs.map(({ bytes }) => bytes)),
];

/** Bytes of one INSERT. */
const maxInsertBytes = 8 * 1024 * 1024;

/**
 * Keeps bytes once per SHA-256. A commit of its own before that of the results which refer to them: harmless if those
 * never come, because garbage collection takes only what nobody refers to and was not seen for days.
 */
export async function keepBlobs(pool: Pool, blobs: readonly Blob[]): Promise<void> {
  for (let start = 0; start < blobs.length; ) {
    let bytes = 0;
    let end = start;
    while (end < blobs.length && (end === start || bytes < maxInsertBytes)) {
      bytes += blobs[end]?.bytes.byteLength ?? 0;
      end += 1;
    }
    await pool.query({
      name: 'keep-blobs',
      text: blobInsert(1),
      values: blobInsert.values(blobs.slice(start, end)),
    });
    start = end;
  }
}

const byteaOid = 17;
const arrayHeaderBytes = 20;

/**
 * `bytea[]` as PostgreSQL's binary format has it (array_recv: dimensions, "has nulls", element type, length, lower bound,
 * then each element after its length). The driver sends a Buffer in binary, but an array as text, in hexadecimal: twice
 * the bytes, and four times the time for PDFs.
 */
export function byteaArray(items: readonly Uint8Array[]): Buffer {
  const size = items.reduce((sum, item) => sum + 4 + item.byteLength, arrayHeaderBytes);
  const buffer = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const field of [items.length === 0 ? 0 : 1, 0, byteaOid, items.length, 1])
    offset = buffer.writeInt32BE(field, offset);
  for (const item of items) {
    offset = buffer.writeInt32BE(item.byteLength, offset);
    buffer.set(item, offset);
    offset += item.byteLength;
  }
  // An empty array has no dimensions, so its header ends after the element type.
  return items.length === 0 ? buffer.subarray(0, 12) : buffer;
}

/** Marks those of `hashes` that are kept already as seen today, and answers which they are. */
export async function seeBlobs(pool: Pool, hashes: readonly Buffer[]): Promise<Buffer[]> {
  const { rows } = await pool.query<{ sha256: Buffer }>({
    name: 'see-blobs',
    text: `
with kept as (
  select sha256 from blobs where sha256 = any($1::bytea[]) order by sha256 for no key update
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
