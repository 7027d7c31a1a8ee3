import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/contract/lane.ts';
import { createLeases } from '../../../src/lanes/leases.ts';
import { createShares } from '../../../src/lanes/shares.ts';
import { endLeases, forgetLapsedLeases, leaseSlots } from '../../../src/store/slot-leases.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { insertIntegration } from '../../support/invocations.ts';

const leaseMs = 10_000;

describe('slots over all processes (contract §7)', () => {
  let database: TestDatabase;
  let integration: string;
  let count = 0;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database?.drop());
  beforeEach(async () => {
    count += 1;
    integration = `acme-${count}`;
    await insertIntegration(database.pool, integration);
  });

  const limit = (concurrency: number) =>
    database.pool.query('update integrations set limits = $2 where id = $1', [
      integration,
      JSON.stringify({ concurrency }),
    ]);

  /** A worker process, as far as its leases go. */
  function worker(lane: Lane, of = integration) {
    const row = { id: uuidv7(), lane };
    return {
      row,
      async ask(wanted: number, held = 0) {
        const [lease] = await leaseSlots(database.pool, row, leaseMs, [{ integration: of, held, wanted }]);
        return lease;
      },
      /** As if it had been silent for that long. */
      silent: (ms: number) =>
        database.pool.query(`update slot_leases set until = until - $2 * interval '1 millisecond' where worker = $1`, [
          row.id,
          ms,
        ]),
    };
  }

  it('are as many as the integration allows, eight by default; batch leaves one for interactive', async () => {
    expect((await worker('batch').ask(100))?.slots).toBe(7);
    expect((await worker('interactive').ask(100))?.slots).toBe(1);
    await limit(3);
    expect((await worker('interactive').ask(100))?.slots).toBe(0);
  });

  it('are free again when a lease ends, is given back, or lapses', async () => {
    const [dead, stopped, idle] = [worker('interactive'), worker('interactive'), worker('interactive')];
    await dead.ask(3);
    await stopped.ask(3);
    await idle.ask(2);
    const next = worker('interactive');
    expect((await next.ask(8))?.slots).toBe(0);
    await endLeases(database.pool, stopped.row.id);
    expect((await next.ask(8))?.slots).toBe(3);
    await idle.ask(0);
    expect((await next.ask(8))?.slots).toBe(5);
    await dead.silent(leaseMs);
    expect((await next.ask(8))?.slots).toBe(8);
    await dead.silent(60_000);
    await forgetLapsedLeases(database.pool);
    const { rows } = await database.pool.query('select worker from slot_leases where integration = $1', [integration]);
    expect(rows).toEqual([{ worker: next.row.id }]);
  });

  it('make room for clicks before batch, which keeps one of several', async () => {
    const [batch, clicks] = [worker('batch'), worker('interactive')];
    await batch.ask(7);
    expect(await clicks.ask(5)).toMatchObject({ slots: 1 });
    // Four are to be left for the clicks, one of which has begun; the three that end first are not replaced.
    expect(await batch.ask(7, 7)).toMatchObject({ slots: 3, contended: true });
    expect(await clicks.ask(5, 1)).toMatchObject({ slots: 1 });
    await batch.ask(7, 3);
    expect(await clicks.ask(5, 1)).toMatchObject({ slots: 5 });
    await clicks.ask(20, 5);
    expect(await batch.ask(7, 0)).toMatchObject({ slots: 1 });
  });

  it('go to whoever comes first where there is one, then to a click, and are to be given back at once', async () => {
    await limit(1);
    const [batch, clicks] = [worker('batch'), worker('interactive')];
    expect(await batch.ask(1)).toMatchObject({ slots: 1, contended: false });
    expect(await clicks.ask(1)).toMatchObject({ slots: 0 });
    expect(await batch.ask(1, 1)).toMatchObject({ slots: 0, contended: true });
    expect(await batch.ask(1, 0)).toMatchObject({ slots: 0 });
    expect(await clicks.ask(1)).toMatchObject({ slots: 1, contended: true });
  });

  it('are shared equally by workers of a lane that want more than there is', async () => {
    const [early, late] = [worker('batch'), worker('batch')];
    await early.ask(7);
    expect(await late.ask(7)).toMatchObject({ slots: 0 });
    expect(await early.ask(7, 7)).toMatchObject({ slots: 4, contended: true });
    await early.ask(7, 4);
    expect(await late.ask(7)).toMatchObject({ slots: 3, contended: false });
    expect(await early.ask(7, 4)).toMatchObject({ slots: 4, contended: false });
  });

  it('are counted where they are still in use after the limit was lowered', async () => {
    const [early, late] = [worker('interactive'), worker('interactive')];
    await early.ask(6);
    await limit(2);
    expect((await early.ask(6, 6))?.slots).toBe(2);
    expect((await late.ask(1))?.slots).toBe(0);
    await early.ask(1, 1);
    expect((await late.ask(1))?.slots).toBe(1);
  });

  it('are never more than the limit, however many ask at the same time', async () => {
    const integrations = [integration, `${integration}-b`, `${integration}-c`];
    for (const id of integrations.slice(1)) await insertIntegration(database.pool, id);
    const workers = (['interactive', 'interactive', 'batch', 'batch', 'batch'] as const).map(
      (lane) => worker(lane).row,
    );
    const used = new Map<string, number>();
    const leased = new Map<string, Map<string, number>>(integrations.map((id) => [id, new Map()]));
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        workers.map(async (row, place) => {
          // In another order each, which must not make them deadlock.
          const turned = [...integrations, ...integrations].slice(place % 3, (place % 3) + 3);
          const asks = turned.map((id, which) => ({
            integration: id,
            held: 0,
            wanted: (round * 5 + place + which) % 9,
          }));
          for (const lease of await leaseSlots(database.pool, row, leaseMs, asks)) {
            leased.get(lease.integration)?.set(row.id, lease.slots);
          }
        }),
      );
      for (const [id, slots] of leased) {
        used.set(
          id,
          Math.max(
            used.get(id) ?? 0,
            [...slots.values()].reduce((sum, each) => sum + each, 0),
          ),
        );
      }
    }
    expect([...used.values()].every((most) => most <= 8)).toBe(true);
    expect(Math.max(...used.values())).toBe(8);
  });

  describe('in a process', () => {
    const closing: (() => Promise<void>)[] = [];
    afterAll(async () => {
      for (const close of closing) await close();
    });

    /** A worker's shares and leases, joined as the worker joins them; statements are counted. */
    function open(lane: Lane) {
      const row = { id: uuidv7(), lane };
      const asks: { integration: string; held: number; wanted: number }[][] = [];
      const shares = createShares({
        slots: 64,
        limitOf: (id) => leases.of(id),
        askMore: (id) => leases.ask(id),
        onReleased: (id) => leases.released(id),
        ringNext: async () => 0,
        onError: (_, error) => {
          throw error;
        },
        hangsAfterMs: 60_000,
      });
      const leases = createLeases({
        lease: (ms, group) => {
          asks.push([...group]);
          return leaseSlots(database.pool, row, ms, group);
        },
        demandOf: (id) => shares.demand(id),
        mostOf: () => (lane === 'batch' ? 7 : 8),
        onGrown: (id) => shares.grown(id),
        onError: (error) => {
          throw error;
        },
        leaseMs,
        againMs: 20,
      });
      closing.push(async () => {
        await shares.stop();
        await leases.stop();
      });
      return { shares, leases, asks };
    }

    it('cost a statement once, not for each exchange', async () => {
      const { shares, leases, asks } = open('interactive');
      for (let click = 0; click < 10; click += 1) (await shares.takeNow(integration))?.release();
      expect(asks).toHaveLength(1);
      await leases.renew();
      (await shares.takeNow(integration))?.release();
      expect(asks).toHaveLength(2);
    });

    it('are given back when they were not used for two renewals', async () => {
      const { shares, leases } = open('interactive');
      (await shares.takeNow(integration))?.release();
      for (let beat = 0; beat < 2; beat += 1) await leases.renew();
      expect(leases.of(integration)).toBe(1);
      await leases.renew();
      expect(leases.of(integration)).toBe(0);
      const { rows } = await database.pool.query('select from slot_leases where integration = $1', [integration]);
      expect(rows).toEqual([]);
    });

    it('come by themselves to who waits for them, as soon as another process gives them back', async () => {
      const [early, late] = [open('interactive'), open('interactive')];
      const held = await Promise.all(Array.from({ length: 8 }, () => early.shares.takeNow(integration)));
      expect(await late.shares.takeNow(integration)).toBeNull();
      const waiting = late.shares.take(integration, 'batch', Number.POSITIVE_INFINITY);
      held[0]?.release();
      await early.leases.renew();
      (await waiting)?.release();
    });

    it('let a click in before the next row of a batch, where there is one slot', async () => {
      await limit(1);
      const [batch, clicks] = [open('batch'), open('interactive')];
      const forever = Number.POSITIVE_INFINITY;
      const order: string[] = [];
      const row = await batch.shares.take(integration, 'batch', forever);
      const next = batch.shares.take(integration, 'batch', forever).then((slot) => {
        order.push('row');
        return slot;
      });
      const click = clicks.shares.take(integration, 'batch', forever).then((slot) => {
        order.push('click');
        return slot;
      });
      // The batch learns with its next statement that somebody waits.
      while (clicks.asks.length < 2) await new Promise((resolve) => setImmediate(resolve));
      await batch.leases.renew();
      row?.release();
      (await click)?.release();
      (await next)?.release();
      expect(order).toEqual(['click', 'row']);
    });
  });
});
