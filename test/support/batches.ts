import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { expect } from 'vitest';
import { system } from '../../src/audit/entry.ts';
import { appendRows, completeBatch, insertBatch } from '../../src/store/batches.ts';

type Options = {
  key?: string | null;
  finishBy?: Date | null;
  run?: string | null;
  callbackUrl?: string | null;
  account?: string;
};

export const batchAudit = (batch: string) => ({
  account: 'default',
  actor: system,
  action: 'batch.accepted' as const,
  subject: { type: 'batch', id: batch } as const,
  details: {},
});

/** A batch of `acme` that has got so many items, INV0 and so on, and is still receiving. */
export async function receivingBatch(pool: Pool, count: number, options: Options = {}) {
  const { key = null, finishBy = null, run = null, callbackUrl = null, account = 'default' } = options;
  const id = uuidv7();
  await insertBatch(pool, {
    id,
    account,
    integration: 'acme',
    command: 'GetInvoiceImage',
    run,
    schedule: null,
    finishBy,
    idempotencyKey: key,
    fingerprint: key === null ? null : Buffer.from('the same items'),
    callbackUrl,
    createdBy: system,
  });
  const items = Array.from({ length: count }, (_, index) => ({
    id: uuidv7(),
    tokens: { InvoiceNumber: `INV${index}` },
    sealedTokens: null,
    fingerprint: Buffer.from(`INV${index}`),
    keyFingerprint: () => Buffer.from(`INV${index}`),
    reference: null,
  }));
  await appendRows(pool, id, 1, items, 0);
  return id;
}

/** A batch of `acme` that has got all its items and waits for workers. */
export async function queuedBatch(pool: Pool, count: number, options: Options = {}): Promise<string> {
  const id = await receivingBatch(pool, count, options);
  expect(await completeBatch(pool, id, [], batchAudit(id), null)).toBe(true);
  return id;
}
