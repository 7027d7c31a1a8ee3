import { describe, expect, it } from 'vitest';
import { system } from '../../../src/audit/entry.ts';
import type { BatchRow } from '../../../src/batches/batch.ts';
import { createCancelBatch } from '../../../src/batches/cancel.ts';

class Away extends Error {}

describe('contract §3: a batch that is cancelled', () => {
  const id = '0199a0c4-7c2e-7c55-8d0e-3f5f5b7f2a10';
  const batch = { id, account: 'default', status: 'running', integration: 'acme' } as BatchRow;
  const principal = { accounts: '*' as const, actor: system };
  const cancelWith = (cancelRows: () => Promise<boolean>, cancel = async () => true) =>
    createCancelBatch({
      find: async () => batch,
      cancel,
      cancelRows,
      isTransient: (error) => error instanceof Away,
    })(principal, id);

  it('is cancelled even when the database goes away before all of it has ended: the leader goes on', async () => {
    await expect(cancelWith(() => Promise.reject(new Away('timeout expired')))).resolves.toBeUndefined();
  });

  it('says what is wrong with Errand itself, and when the database was away before', async () => {
    await expect(cancelWith(() => Promise.reject(new Error('syntax error')))).rejects.toThrow('syntax error');
    const away = () => Promise.reject(new Away('connection refused'));
    await expect(cancelWith(async () => false, away)).rejects.toThrow('connection refused');
  });
});
