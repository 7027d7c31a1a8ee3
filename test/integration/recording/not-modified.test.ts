import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import type { Validators } from '../../../src/judging/validators.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { keepBlobs, seeBlobs } from '../../../src/store/blobs.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration, newInvocation, settled } from '../../support/invocations.ts';
import { untilAnotherWaitsFor } from '../../support/locks.ts';

const tag: Validators = { etag: '"v1"', lastModified: 'Tue, 24 Nov 2026 02:00:00 GMT' };

describe('a 304 to a conditional request (contract §6)', () => {
  let database: TestDatabase;
  const worker = uuidv7();

  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool);
  });
  afterAll(() => database.drop());
  beforeEach(() => database.pool.query('truncate invocations, attempts, audit_log, blobs, latest_results'));

  const rows = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;
  const record = (each: Settled) =>
    createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
    }).record(each);
  async function claim(overrides: Parameters<typeof newInvocation>[0] = {}): Promise<Claimed> {
    const news = newInvocation(overrides);
    await insertInvocations(database.pool, [news]);
    const [claimed] = await claimInvocations(database.pool, worker, [news.id]);
    if (claimed === undefined) throw new Error('nothing was claimed');
    return claimed;
  }
  /** An invocation that ended with these bytes, whose answer had these validators. */
  async function stored(validators: Validators = tag, body = 'bytes'): Promise<Claimed> {
    const claimed = await claim();
    const one = settled(claimed, { status: 'succeeded' }, body);
    Object.assign(one.attempt.result ?? {}, validators);
    await record(one);
    return claimed;
  }
  /** What a worker makes of a 304. */
  function notModified(claimed: Claimed): Settled {
    const one = settled(claimed);
    const { known } = claimed;
    if (known === null) throw new Error('nothing is known');
    const { commandVersion, configurationVersion, ...result } = known;
    Object.assign(one.attempt, { commandVersion, configurationVersion, status: 304, responseBytes: 0 });
    one.attempt.validators = { etag: known.etag, lastModified: known.lastModified };
    one.attempt.result = { ...result, bytes: null };
    return one;
  }

  it('claims with what is known of the newest result for the same tokens', async () => {
    await stored();
    const { known } = await claim();
    expect(known).toMatchObject({
      ...tag,
      contentType: 'application/pdf',
      size: 5,
      commandVersion: 1,
      configurationVersion: 1,
    });
    expect(known?.sha256).toEqual((await rows('select sha256 from blobs'))[0].sha256);
    expect((await claim({ fingerprint: Buffer.from('other tokens') })).known).toBeNull();
    expect((await claim({ command: 'Other' })).known).toBeNull();
  });

  it('knows nothing of an answer without validators, or whose bytes are gone', async () => {
    await stored({ etag: null, lastModified: null });
    expect((await claim()).known).toBeNull();
    await stored({ etag: null, lastModified: tag.lastModified });
    expect((await claim()).known).toMatchObject({ etag: null, lastModified: tag.lastModified });
    await database.pool.query('delete from blobs');
    expect((await claim()).known).toBeNull();
  });

  it('forgets the validators of a result that has been replaced by one without', async () => {
    await stored();
    await stored({ etag: null, lastModified: null }, 'others');
    expect((await claim()).known).toBeNull();
  });

  it('is a success with the stored bytes, unchanged; Last Sync and the newest result move', async () => {
    await stored();
    await database.pool.query(`update blobs set seen_on = current_date - 20`);
    const claimed = await claim();
    const one = notModified(claimed);
    expect(await record(one)).toBe(one);
    const [first, second] = await rows(
      'select status, sha256, result_bytes, content_type, unchanged, validators from attempts order by invocation',
    );
    expect(second).toEqual({
      status: 304,
      sha256: first.sha256,
      result_bytes: 5,
      content_type: 'application/pdf',
      unchanged: true,
      validators: tag,
    });
    expect(first).toMatchObject({ unchanged: false, validators: null });
    expect(await rows('select status, error from invocations where id = $1', [claimed.id])).toEqual([
      { status: 'succeeded', error: null },
    ]);
    expect(await rows('select invocation, etag, at from latest_results')).toEqual([
      { invocation: claimed.id, etag: '"v1"', at: new Date(claimed.claimedAt + 12) },
    ]);
    expect((await rows('select last_sync_at from integrations'))[0].last_sync_at.getTime()).toBe(
      claimed.claimedAt + 12,
    );
    // Garbage collection takes only what was not seen for days.
    expect(await rows('select seen_on = current_date as today from blobs')).toEqual([{ today: true }]);
    expect((await claim()).known).toMatchObject(tag);
  });

  it('asks again at once, the whole, where the stored bytes were deleted meanwhile', async () => {
    await stored();
    const claimed = await claim();
    await database.pool.query('delete from blobs');
    const before = await rows('select last_sync_at from integrations');
    const recorded = await record(notModified(claimed));
    expect(recorded?.next).toMatchObject({ status: 'retrying', delayMs: 0, error: { side: 'errand' } });
    expect(
      await rows('select status, due_at <= now() as due, finished_at from invocations where id = $1', [claimed.id]),
    ).toEqual([{ status: 'retrying', due: true, finished_at: null }]);
    expect(await rows('select outcome, status, sha256 from attempts where invocation = $1', [claimed.id])).toEqual([
      { outcome: 'retryable', status: 304, sha256: null },
    ]);
    expect(await rows(`select action from audit_log where subject_id = $1 order by id`, [claimed.id])).toEqual([
      { action: 'invocation.accepted' },
      { action: 'attempt.failed' },
    ]);
    expect(await rows('select last_sync_at from integrations')).toEqual(before);

    const [again] = await claimInvocations(database.pool, worker, [claimed.id]);
    expect(again).toMatchObject({ attempt: 2, known: null });
    await record(settled(again as Claimed));
    expect(await rows('select bytes from blobs')).toEqual([{ bytes: Buffer.from('bytes') }]);
  });

  it('keeps its bytes from a deletion until it is committed, and is told of one that came first', async () => {
    await stored();
    const claimed = await claim();
    const deleting = await database.pool.connect();
    try {
      await deleting.query('begin');
      await deleting.query('delete from blobs');
      const recording = record(notModified(claimed));
      await untilAnotherWaitsFor(deleting, database.pool);
      await deleting.query('commit');
      expect((await recording)?.next.status).toBe('retrying');
    } finally {
      deleting.release();
    }
  });

  it('leaves the rest of its group alone', async () => {
    await stored();
    const gone = await claim();
    const fine = await claim({ fingerprint: Buffer.from('other tokens') });
    await database.pool.query('delete from blobs');
    const one = createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
    });
    const [first, second] = await Promise.all([one.record(notModified(gone)), one.record(settled(fine))]);
    expect([first?.next.status, second?.next.status]).toEqual(['retrying', 'succeeded']);
    expect(await rows('select status from invocations where id = $1', [fine.id])).toEqual([{ status: 'succeeded' }]);
  });

  it('comes too late like any other where the row is another worker’s', async () => {
    await stored();
    const claimed = await claim();
    await database.pool.query('update invocations set worker = $1 where id = $2', [uuidv7(), claimed.id]);
    expect(await record(notModified(claimed))).toBeNull();
  });

  it('does not deadlock with what sees both its bytes and those that are kept beside them', async () => {
    await stored(tag, 'kept by the 304');
    const refers = await claim();
    const other = newInvocation({ fingerprint: Buffer.from('other tokens') });
    await insertInvocations(database.pool, [other]);
    const [keeps] = await claimInvocations(database.pool, worker, [other.id]);
    const brings = settled(keeps as Claimed, { status: 'succeeded' }, 'small');
    const small = brings.attempt.result as { sha256: Buffer };
    await keepBlobs(database.pool, [{ sha256: small.sha256, bytes: Buffer.from('small') }]);
    const seeing = await database.pool.connect();
    try {
      await seeing.query('begin');
      await seeBlobs(seeing as never, [small.sha256]);
      const errors: unknown[] = [];
      const isTransient = (error: unknown) => errors.push(error) < 0;
      const one = createRecorder({
        pool: database.pool,
        worker,
        isTransient,
        pause: async () => {},
        weigh: async () => {},
      });
      // Holds the bytes that the 304 refers to, and waits for the small ones.
      const recording = Promise.all([one.record(notModified(refers)), one.record(brings)]);
      await untilAnotherWaitsFor(seeing, database.pool);
      expect(await seeBlobs(seeing as never, [small.sha256, refers.known?.sha256 as Buffer])).toHaveLength(2);
      await seeing.query('commit');
      expect((await recording).map((each) => each?.next.status)).toEqual(['succeeded', 'succeeded']);
      expect(errors).toEqual([]);
    } finally {
      seeing.release();
    }
  });
});

describe('unchanged', () => {
  let database: TestDatabase;
  const worker = uuidv7();
  beforeAll(async () => {
    database = await createDatabase();
    await insertIntegration(database.pool);
  });
  afterAll(() => database.drop());
  beforeEach(() => database.pool.query('truncate invocations, attempts, audit_log, blobs, latest_results'));

  it('is right within one group, too: each is compared with the one before it', async () => {
    const news = Array.from({ length: 4 }, () => newInvocation());
    await insertInvocations(database.pool, news);
    const claimed = await claimInvocations(
      database.pool,
      worker,
      news.map(({ id }) => id),
    );
    const recorder = createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
    });
    const bodies = ['first', 'first', 'second', 'second'];
    await Promise.all(
      claimed
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((each, index) => {
          const one = settled(each, { status: 'succeeded' }, bodies[index]);
          one.attempt.startedAt += index;
          return recorder.record(one);
        }),
    );
    const { rows } = await database.pool.query('select unchanged from attempts order by invocation');
    expect(rows.map(({ unchanged }) => unchanged)).toEqual([false, true, false, true]);
  });

  it('is null where there is no result', async () => {
    const news = newInvocation();
    await insertInvocations(database.pool, [news]);
    const [claimed] = await claimInvocations(database.pool, worker, [news.id]);
    const error = { code: 'unexpected-status', message: '404', side: 'customer-server' } as const;
    const recorder = createRecorder({
      pool: database.pool,
      worker,
      isTransient: () => false,
      pause: async () => {},
      weigh: async () => {},
    });
    await recorder.record(settled(claimed as Claimed, { status: 'failed', error }));
    expect((await database.pool.query('select unchanged from attempts')).rows).toEqual([{ unchanged: null }]);
  });
});
