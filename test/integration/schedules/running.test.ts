import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../../src/audit/entry.ts';
import { Refusal } from '../../../src/contract/problem.ts';
import { dueSchedules, fireSchedules } from '../../../src/store/schedules.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { buildSchedules, source } from './running.ts';

let database: TestDatabase;
let built: ReturnType<typeof buildSchedules>;

beforeAll(async () => {
  database = await createDatabase();
  built = buildSchedules(database.pool);
  await built.configure();
});
afterAll(() => database.drop());
beforeEach(() => built.clear());

const items = [{ tokens: { InvoiceNumber: 'INV1' } }, { tokens: { InvoiceNumber: 'INV2' }, reference: 'second' }];
const ofItems = { command: 'GetInvoiceImage', cron: '0 2 * * *', timezone: 'America/Chicago', items };
const ofSource = { command: 'GetInvoiceImage', cron: '0 2 * * *', timezone: 'America/Chicago', source };
const invoices = (...numbers: string[]) => numbers.map((number) => ({ number }));
const tokens = (...numbers: string[]) => numbers.map((InvoiceNumber) => ({ tokens: { InvoiceNumber } }));

describe('a schedule that is due (contract §3)', () => {
  it('starts its batch, and is due again the next night', async () => {
    await built.put({ ...ofItems, finishWithinSeconds: 3600 });
    await built.makeDue();
    const worker = await built.worker();
    await worker.settle();
    expect(built.batches).toHaveLength(1);
    const [batch] = built.batches;
    expect(batch).toMatchObject({ integration: 'acme', command: 'GetInvoiceImage', schedule: 'nightly', items });
    expect(batch?.run).toMatch(/^nightly-\d{4}-\d\d-\d\d$/);
    expect(batch?.actor).toEqual({ type: 'system', id: 'schedule:acme/nightly', name: 'schedule nightly' });
    const { nextRunAt, lastRun } = await built.get();
    expect(Date.parse(nextRunAt ?? '')).toBeGreaterThan(Date.now());
    expect(lastRun).toMatchObject({ batch: batch?.id, outcome: 'running', reason: null });
    expect(batch?.finishBy?.getTime()).toBe(Date.parse(lastRun?.at ?? '') + 3_600_000);

    await built.endBatch(batch?.id ?? '', 'partial');
    await worker.settle();
    expect((await built.get()).lastRun).toEqual({ ...lastRun, outcome: 'partial' });
    expect(await built.rows('select * from schedule_runs')).toEqual([]);
  });

  it('is fired by one of two workers that look at the same time', async () => {
    for (let index = 0; index < 20; index += 1) await built.put(ofItems, `nightly-${index}`);
    await built.makeDue();
    const workers = [await built.worker(), await built.worker()];
    await Promise.all(workers.map((worker) => worker.settle()));
    expect(built.batches.map(({ schedule }) => schedule).sort()).toEqual(
      [...new Set(built.batches.map((each) => each.schedule))].sort(),
    );
    expect(built.batches).toHaveLength(20);
    expect(await built.audit('schedule.started')).toHaveLength(20);
  });

  it('is skipped while its run before is open, and says so', async () => {
    await built.put(ofItems);
    await built.makeDue();
    const worker = await built.worker();
    await worker.settle();
    await built.makeDue();
    await worker.settle();
    expect(built.batches).toHaveLength(1);
    const { lastRun, nextRunAt } = await built.get();
    expect(lastRun).toMatchObject({ outcome: 'skipped', batch: null, reason: 'The run before it was still open.' });
    expect(Date.parse(nextRunAt ?? '')).toBeGreaterThan(Date.now());
    const [skipped] = await built.audit('schedule.skipped');
    const [started] = await built.audit('schedule.started');
    expect(skipped?.details.openRun).toBe(started?.details.run);

    // The run that was open comes to its own end.
    await built.endBatch(built.batches[0]?.id ?? '', 'clean');
    await worker.settle();
    expect((await built.get()).lastRun).toMatchObject({ outcome: 'clean', batch: built.batches[0]?.id });
    await built.makeDue();
    await worker.settle();
    expect(built.batches).toHaveLength(2);
  });

  it('runs once after nobody looked for days, and says so', async () => {
    await built.put({ ...ofItems, timezone: 'UTC' });
    await built.rows(`update schedules set next_run_at = next_run_at - interval '4 days'`);
    const worker = await built.worker();
    await worker.settle();
    await built.endBatch(built.batches[0]?.id ?? '', 'clean');
    await worker.settle();
    expect(built.batches).toHaveLength(1);
    const [started] = await built.audit('schedule.started');
    expect(started?.details).toMatchObject({ catchUp: true, missed: 3 });
  });

  it('is not fired once it was deleted or saved anew in the meantime', async () => {
    await built.put(ofItems);
    await built.makeDue();
    const [due] = await dueSchedules(database.pool, 10);
    if (due === undefined) throw new Error('it is not due');
    const firing = {
      integration: 'acme',
      name: 'nightly',
      dueAt: due.nextRunAt,
      nextRunAt: new Date(Date.now() + 1000),
      run: uuidv7(),
      label: 'nightly',
      actor: system,
      details: { started: {}, skipped: {} },
    };
    await built.put({ ...ofItems, cron: '0 3 * * *' });
    expect(await fireSchedules(database.pool, [firing])).toEqual([]);
    await built.schedules.remove('*', system, 'acme', 'nightly');
    expect(await fireSchedules(database.pool, [firing])).toEqual([]);
    expect(await built.rows('select * from schedule_runs')).toEqual([]);
  });

  it('keeps its turn when another field is saved meanwhile', async () => {
    await built.put(ofItems);
    await built.makeDue();
    await built.put({ ...ofItems, finishWithinSeconds: 600 });
    await (await built.worker()).settle();
    expect(built.batches).toHaveLength(1);
  });

  it('is not due while it is disabled', async () => {
    expect((await built.put({ ...ofItems, enabled: false })).nextRunAt).toBeNull();
    await (await built.worker()).settle();
    expect(built.batches).toEqual([]);
  });

  it('fails, and says why, if its batch is refused', async () => {
    await built.put(ofItems);
    await built.makeDue();
    const worker = await built.worker(async () => {
      throw new Refusal('invalid', 'items.1 does not fit.', [{ path: 'items.1.tokens', message: 'is needed' }]);
    });
    await worker.settle();
    const reason = 'items.1 does not fit. items.1.tokens: is needed.';
    expect((await built.get()).lastRun).toMatchObject({ outcome: 'failed', batch: null, reason });
    const [failed] = await built.audit('schedule.failed');
    expect(failed?.details).toMatchObject({ reason });
  });

  it('waits, and goes on, if batches cannot be started just now', async () => {
    await built.put(ofItems);
    await built.makeDue();
    const worker = await built.worker(async () => {
      throw new Refusal('unavailable', 'Not now.');
    });
    expect(await worker.pass()).toBe(true);
    await worker.idle();
    await worker.stop();
    expect((await built.get()).lastRun).toMatchObject({ outcome: 'running' });
    await built.rows(`update workers set heartbeat_at = now() - interval '11 seconds' where id = $1`, [worker.id]);
    await (await built.worker()).settle();
    expect(built.batches).toHaveLength(1);
  });
});

describe('a run by a person', () => {
  it('begins at once, also of a disabled schedule, and moves nothing else', async () => {
    await built.put({ ...ofItems, enabled: false });
    const running = await built.schedules.run('*', { type: 'key', id: 'k', name: 'Ann' }, 'acme', 'nightly');
    expect(running).toMatchObject({ nextRunAt: null, lastRun: { outcome: 'running', batch: null } });
    await (await built.worker()).settle();
    expect(built.batches).toHaveLength(1);
    expect(built.batches[0]?.actor.name).toBe('Ann');
  });

  it('is refused while one is open', async () => {
    await built.put(ofItems);
    await built.schedules.run('*', system, 'acme', 'nightly');
    await expect(built.schedules.run('*', system, 'acme', 'nightly')).rejects.toMatchObject({ kind: 'conflict' });
    expect(await built.audit('schedule.started')).toHaveLength(1);
  });
});

describe('a source', () => {
  it('is followed page by page, and its items are a batch', async () => {
    await built.put({
      ...ofSource,
      source: { ...source, tokens: { Kind: 'paid' }, initialSince: '2026-01-01T01:00:00+01:00' },
    });
    await built.makeDue();
    const worker = await built.worker();
    await worker.settle();
    expect(await built.openPages()).toMatchObject([
      {
        tokens: { Kind: 'paid', 'errand.since': '2026-01-01T00:00:00.000Z', 'errand.next': '' },
        reference: 'nightly page 1',
      },
    ]);
    // Nothing happens until it is there.
    await worker.settle();
    await built.answer({ invoices: invoices('A', 'B'), next: '?page=2' });
    await worker.settle();
    expect(await built.openPages()).toMatchObject([
      {
        tokens: { Kind: 'paid', 'errand.since': '2026-01-01T00:00:00.000Z', 'errand.next': '?page=2' },
        reference: 'nightly page 2',
      },
    ]);
    expect(built.batches).toEqual([]);
    await built.answer({ invoices: invoices('C'), next: null });
    await worker.settle();
    expect(built.batches.map((batch) => batch.items)).toEqual([tokens('A', 'B', 'C')]);
    expect(await built.rows('select * from schedule_pages')).toHaveLength(2);
    await built.endBatch(built.batches[0]?.id ?? '', 'clean');
    await worker.settle();
    // Each night's pages have tokens of their own: as newest results they would pile up for ever.
    for (const table of ['schedule_runs', 'schedule_pages', 'latest_results']) {
      expect(await built.rows(`select * from ${table}`)).toEqual([]);
    }
  });

  it('asks since the start of the last complete run, less the overlap', async () => {
    const worker = await built.worker();
    await built.put(ofSource);
    const night = async (outcome: 'clean' | 'partial' | 'failed' | null) => {
      await built.makeDue();
      await worker.settle();
      const [page] = await built.openPages();
      await built.answer({ invoices: invoices('A') });
      await worker.settle();
      const at = Date.parse((await built.get()).lastRun?.at ?? '');
      await built.endBatch(built.batches.at(-1)?.id ?? '', outcome);
      await worker.settle();
      return { since: page.tokens['errand.since'], at };
    };
    expect((await night('partial')).since).toBe('');
    const complete = await night('clean');
    expect(complete.since).toBe('');
    // Clicks at noon move Last Sync; nothing of what changed before them may be skipped.
    await built.rows(`update integrations set last_sync_at = now() + interval '1 hour' where id = 'acme'`);
    const overlapped = new Date(complete.at - 300_000).toISOString();
    for (const outcome of ['partial', 'failed', null, 'clean'] as const) {
      expect((await night(outcome)).since).toBe(overlapped);
    }
    expect((await night('clean')).since > overlapped).toBe(true);
  });

  it('keeps its since and its definition for the whole run', async () => {
    await built.put(ofSource);
    await built.makeDue();
    const worker = await built.worker();
    await worker.settle();
    await built.rows(`update schedules set complete_run_at = now()`);
    await built.put({ ...ofSource, source: { ...source, map: { InvoiceNumber: '/other' } } });
    await built.answer({ invoices: invoices('A'), next: '2' });
    await worker.settle();
    expect((await built.openPages())[0]?.tokens).toEqual({ 'errand.since': '', 'errand.next': '2' });
    await built.answer({ invoices: [] });
    await worker.settle();
    expect(built.batches[0]?.items).toEqual(tokens('A'));
  });

  it('that lists nothing is a clean run without a batch', async () => {
    await built.put(ofSource);
    await built.makeDue();
    const worker = await built.worker();
    await worker.settle();
    await built.answer({ invoices: [] });
    await worker.settle();
    expect(built.batches).toEqual([]);
    expect((await built.get()).lastRun).toMatchObject({ outcome: 'clean', batch: null });
    expect(await built.rows('select complete_run_at = last_run_at as complete from schedules')).toEqual([
      { complete: true },
    ]);
  });

  it('is taken up by another worker where one was killed', async () => {
    await built.put(ofSource);
    await built.makeDue();
    const killed = await built.worker();
    await killed.settle();
    await built.answer({ invoices: invoices('A'), next: '2' });
    const beforeItDied = `update schedule_runs set collector = '${killed.id}'`;
    await built.rows(beforeItDied);
    const other = await built.worker();
    await other.settle();
    expect(await built.openPages()).toEqual([]);
    await built.rows(`update workers set heartbeat_at = now() - interval '11 seconds' where id = $1`, [killed.id]);
    await other.settle();
    expect(await built.openPages()).toHaveLength(1);
  });

  it('asks for a page once, though the worker died before it could note that', async () => {
    await built.put(ofSource);
    await built.makeDue();
    const worker = await built.worker();
    await worker.settle();
    await built.rows('update schedule_runs set page = 0, page_invocation = null');
    await built.rows('delete from schedule_pages');
    await worker.settle();
    expect(await built.openPages()).toHaveLength(1);
    await built.answer({ invoices: invoices('A') });
    await worker.settle();
    // As if it had died after the batch was accepted.
    await built.rows('update schedule_runs set batch = null');
    await worker.settle();
    expect(built.batches).toHaveLength(1);
    expect(await built.rows('select batch from schedule_runs')).toEqual([{ batch: built.batches[0]?.id }]);
  });

  it('that is being collected ends with its schedule', async () => {
    await built.put(ofSource);
    await built.makeDue();
    const worker = await built.worker();
    await worker.settle();
    await built.schedules.remove('*', system, 'acme', 'nightly');
    await built.answer({ invoices: invoices('A') });
    await worker.settle();
    expect(built.batches).toEqual([]);
    expect(await built.rows('select * from schedule_pages')).toEqual([]);
  });

  describe('fails its run, with the reason', () => {
    const reasonAfter = async (...answers: unknown[]) => {
      await built.put(ofSource);
      await built.makeDue();
      const worker = await built.worker();
      await worker.settle();
      for (const answer of answers) {
        await (answer === 'failed' ? built.answer(null, 'absent') : built.answer(answer));
        await worker.settle();
      }
      expect(built.batches).toEqual([]);
      const { lastRun } = await built.get();
      expect(lastRun?.outcome).toBe('failed');
      expect(await built.audit('schedule.failed')).toHaveLength(1);
      expect(await built.rows('select * from schedule_runs')).toEqual([]);
      expect(await built.rows('select complete_run_at from schedules')).toEqual([{ complete_run_at: null }]);
      return lastRun?.reason;
    };

    it('if a page failed', async () => {
      expect(await reasonAfter({ invoices: [], next: '2' }, 'failed')).toMatch(
        /^Page 2 of ListInvoices \(invocation .*\) failed\. absent: No such list\.$/,
      );
    });

    it('if an item has not what is mapped', async () => {
      const reason = await reasonAfter({ invoices: [{ number: 'A' }, { id: 7 }] });
      expect(reason).toContain('Item "/invoices/1" of page 1 has nothing at "/number" (source.map.InvoiceNumber).');
    });

    it('if the pages go round in a circle', async () => {
      const page = (next: string) => ({ invoices: invoices('A'), next });
      expect(await reasonAfter(page('2'), page('3'), page('2'))).toBe(
        'Page 3 named the same next page as page 1 did: the list would never end (source.next).',
      );
    });

    it('if its command has come to use errand.lastSync', async () => {
      const { request } = {
        request: { method: 'GET' as const, url: 'https://example.com/?since={{errand.lastSync}}' },
      };
      await built.put(ofSource);
      const commands = built.integrations.commands;
      const { request: before } = await commands.get('*', 'acme', 'ListInvoices');
      await commands.put('*', system, 'acme', 'ListInvoices', { request });
      try {
        expect(await reasonAfter()).toContain('after a click at noon');
      } finally {
        await commands.put('*', system, 'acme', 'ListInvoices', { request: before });
      }
    });

    it('if the items come too late to be finished in time', async () => {
      await built.put({ ...ofSource, finishWithinSeconds: 60 });
      await built.makeDue();
      const worker = await built.worker();
      await worker.settle();
      await built.rows(`update schedule_runs set finish_by = now() - interval '1 second'`);
      await built.answer({ invoices: invoices('A') });
      await worker.settle();
      expect((await built.get()).lastRun?.reason).toMatch(/^The items came later than/);
    });
  });
});

it('goes with its integration', async () => {
  await built.integrations.put('*', system, 'globex', { name: 'Globex', type: 'custom' });
  await built.integrations.commands.put('*', system, 'globex', 'GetInvoiceImage', {
    request: { method: 'GET', url: 'https://example.com/{{InvoiceNumber}}' },
  });
  await built.schedules.put('*', system, 'globex', 'nightly', ofItems);
  await built.schedules.run('*', system, 'globex', 'nightly');
  await built.integrations.remove('*', system, 'globex');
  expect(await built.rows('select * from schedules')).toEqual([]);
  expect(await built.rows('select * from schedule_runs')).toEqual([]);
});
