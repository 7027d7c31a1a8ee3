import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaveRange, takeRange, takeRanges } from '../../../src/store/batch-ranges.ts';
import { queuedBatch } from '../../support/batches.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';

describe('contract §7: a range that a worker leaves', () => {
  let database: TestDatabase;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool, 'acme');
  });
  afterAll(() => database.drop());

  it('waits until the rates allow more, which may be a fraction of a millisecond', async () => {
    const batch = await queuedBatch(database.pool, 3);
    const [ring] = await takeRanges(database.pool, { batch, window: 1, limit: 10 });
    if (ring === undefined) throw new Error('No range was rung for');
    const taken = await takeRange(database.pool, worker, ring);
    if (taken === null) throw new Error('The range was not taken');
    expect(await leaveRange(database.pool, worker, { ...ring, ...taken }, 60_000.25)).toBe('waiting');
    const { rows } = await database.pool.query(
      'select status, worker, round(extract(epoch from not_before - now()))::int as seconds from batch_ranges',
    );
    expect(rows).toEqual([{ status: 'waiting', worker: null, seconds: 60 }]);
    expect(await takeRanges(database.pool, { batch, window: 1, limit: 10 })).toEqual([]);
  });
});
