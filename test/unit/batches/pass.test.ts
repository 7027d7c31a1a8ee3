import { describe, expect, it, vi } from 'vitest';
import type { BatchRing } from '../../../src/batches/batch.ts';
import { createPass, type PassDependencies, type WorkHold } from '../../../src/batches/pass.ts';
import type { Claimed } from '../../../src/invocations/invocation.ts';
import { claimedRow } from '../../support/invocations.ts';

const ring: BatchRing = {
  kind: 'range',
  batch: 'b',
  integration: 'acme',
  command: 'GetInvoiceImage',
  number: 0,
  from: 1,
  to: 100,
  generation: 1,
};

function passOver(rows: number, overrides: Partial<PassDependencies & { claim: WorkHold['claim'] }> = {}) {
  const left = Array.from({ length: rows }, (_, index) => claimedRow({ id: `row-${index}` }));
  const stopping = new AbortController();
  const slots = { held: 0 };
  const hold: WorkHold = {
    deadlineAt: null,
    size: rows,
    done: 0,
    claim: overrides.claim ?? (async (limit) => left.splice(0, limit)),
    leave: vi.fn(async () => undefined),
    abandon: vi.fn(async () => undefined),
  };
  const ran: Claimed[] = [];
  const unclaimed: Claimed[] = [];
  const given = { permits: 0 };
  const dependencies: PassDependencies = {
    take: async () => hold,
    unclaim: async (claimed) => void unclaimed.push(...claimed),
    run: async (claimed, sent) => {
      ran.push(claimed);
      sent();
    },
    shares: {
      take: async () => {
        if (stopping.signal.aborted) return null;
        slots.held += 1;
        let held = true;
        return {
          release: () => {
            if (held) slots.held -= 1;
            held = false;
          },
        };
      },
    },
    permits: {
      take: async (_integration, wanted) => {
        given.permits += wanted;
        return { granted: wanted, waitMs: null };
      },
      giveBack: (_integration, unused) => {
        given.permits -= unused;
      },
    },
    ringer: { ranges: vi.fn(async () => 1), dueIn: vi.fn() },
    isHeld: async () => false,
    finish: vi.fn(async () => []),
    progress: () => undefined,
    stopping: stopping.signal,
    elapsed: () => performance.now(),
    ...overrides,
  } as PassDependencies;
  return { pass: () => createPass(dependencies)(ring), hold, ran, unclaimed, slots, given, stopping, dependencies };
}

describe('a pass over a range (contract §1)', () => {
  it('runs every row once, uses a permit for each, and gives all slots back', async () => {
    const { pass, hold, ran, slots, given } = passOver(250);
    expect(await pass()).toEqual({ batch: 'b', from: 1, to: 100, attempts: 250 });
    expect(new Set(ran.map(({ id }) => id)).size).toBe(250);
    expect([slots.held, given.permits]).toEqual([0, 250]);
    expect(hold.leave).toHaveBeenCalledWith(0);
  });

  it('gives slot and permits back, and lets go of the range, when its rows cannot be claimed', async () => {
    const away = new Error('the database is away');
    const { pass, hold, slots, given } = passOver(10, { claim: () => Promise.reject(away) });
    await expect(pass()).rejects.toBe(away);
    expect([slots.held, given.permits]).toEqual([0, 0]);
    expect(hold.abandon).toHaveBeenCalledOnce();
    expect(hold.leave).not.toHaveBeenCalled();
  });

  it('gives its slots back when nobody can say whether the integration is held', async () => {
    const away = new Error('the database is away');
    const { pass, hold, slots } = passOver(10, { isHeld: () => Promise.reject(away) });
    await expect(pass()).rejects.toBe(away);
    expect(slots.held).toBe(0);
    expect(hold.abandon).toHaveBeenCalledOnce();
  });

  it('waits for as long as the rates say, with nothing claimed', async () => {
    const permits = { take: async () => ({ granted: 0, waitMs: 1_500 }), giveBack: () => undefined };
    const { pass, hold, ran, slots, dependencies } = passOver(10, { permits });
    await pass();
    expect([ran.length, slots.held]).toEqual([0, 0]);
    expect(hold.leave).toHaveBeenCalledWith(1_500);
    expect(dependencies.ringer.dueIn).toHaveBeenCalledWith(1_500);
  });

  it('gives back what it has claimed and not begun when the worker stops', async () => {
    const { pass, ran, unclaimed, stopping, dependencies, slots } = passOver(8);
    dependencies.run = async (claimed, sent) => {
      ran.push(claimed);
      sent();
      if (ran.length === 3) stopping.abort();
    };
    await pass();
    expect(ran.length + unclaimed.length).toBe(8);
    expect(unclaimed.length).toBeGreaterThan(0);
    expect(slots.held).toBe(0);
  });

  it('lets go of the range when a row could not be recorded, after the others in flight', async () => {
    const broken = new Error('cannot be written');
    const { pass, hold, dependencies, slots } = passOver(5);
    dependencies.run = async ({ id }, sent) => {
      sent();
      if (id === 'row-2') throw broken;
    };
    await expect(pass()).rejects.toBe(broken);
    expect(hold.abandon).toHaveBeenCalledOnce();
    expect(slots.held).toBe(0);
  });

  it('finishes its batch when there is no range to ring for', async () => {
    const { pass, dependencies } = passOver(1, { ringer: { ranges: async () => 0, dueIn: () => undefined } });
    await pass();
    expect(dependencies.finish).toHaveBeenCalledWith('b');
  });
});
