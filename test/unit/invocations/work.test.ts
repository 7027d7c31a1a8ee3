import { describe, expect, it } from 'vitest';
import { CancelledByPerson } from '../../../src/invocations/cancellations.ts';
import { askAgain } from '../../../src/invocations/conditional.ts';
import { PutOff } from '../../../src/invocations/health.ts';
import type { Claimed, Settled } from '../../../src/invocations/invocation.ts';
import { createWork, type WorkDependencies } from '../../../src/invocations/work.ts';
import { claimedRow, settled } from '../../support/invocations.ts';

const failure = { code: 'unexpected-status', message: 'The server answered 404.', side: 'customer-server' } as const;

function worker(overrides: Partial<WorkDependencies> = {}) {
  const calls: string[] = [];
  const note =
    (name: string) =>
    (...what: unknown[]) => {
      calls.push([name, ...what.filter((each) => typeof each !== 'object')].join(' '));
    };
  const slot = () => {
    let held = true;
    return {
      release() {
        if (held) note('slot released')();
        held = false;
      },
    };
  };
  const work = createWork({
    lane: 'batch',
    isHeld: async () => false,
    noteCancelled: async (claimed) => note('noteCancelled')(claimed.id),
    adopt: async () => ({ ok: true, id: 'adopted', integration: 'acme' }),
    claim: async (id) => claimedRow({ id }),
    release: note('release'),
    statusOf: async () => 'running',
    execute: async (claimed) => settled(claimed),
    record: async (each) => each,
    giveBack: async (claimed, delayMs) => note('giveBack')(claimed.id, delayMs),
    putOff: async (claimed, delayMs) => note('putOff')(claimed.id, delayMs),
    park: async (id) => note('park')(id),
    postpone: async (id, delayMs) => note('postpone')(id, delayMs),
    shares: { takeNow: async () => slot(), leftWaiting: note('left waiting') },
    permits: { take: async () => ({ granted: 1, waitMs: null }), giveBack: note('permit given back') },
    flights: { over: () => false, find: () => null },
    identityOf: async () => null,
    ringer: { dueIn: note('dueIn') },
    log: { debug: () => {}, info: () => {}, error: note('error') },
    ...overrides,
  });
  return { work, calls };
}

const doorbell = { kind: 'doorbell', invocation: 'a', integration: 'acme' } as const;
const job = { kind: 'producer', queue: 'errand-batch', jobId: '1', name: 'invoke', timestamp: 1, data: {} } as const;
const ending = (next: Settled['next']) => async (claimed: Claimed) => settled(claimed, next);

describe('contract §4: a worker with a job', () => {
  it('lets the row wait while its integration is paused, without a slot or a claim', async () => {
    const claim = async () => expect.unreachable();
    const { work, calls } = worker({ isHeld: async () => true, claim });
    expect(await work(doorbell)).toEqual({ status: 'completed', returns: { invocation: 'a', status: 'queued' } });
    expect(calls).toEqual(['park a']);
  });

  it('lets a row wait that it may not claim although it is open', async () => {
    const { work, calls } = worker({ claim: async () => null, statusOf: async () => 'retrying' });
    expect(await work(doorbell)).toMatchObject({ returns: { status: 'retrying' } });
    expect(calls).toEqual(['permit given back acme 1', 'park a', 'slot released']);
  });

  it('ends it as cancelled when a person cancelled the invocation, and records nothing of its own', async () => {
    const sent = { commandVersion: 1, configurationVersion: 1, lastSyncAt: null, validators: null };
    const execute = () => Promise.reject(new CancelledByPerson(sent));
    const { work, calls } = worker({ execute, record: async () => expect.unreachable() });
    expect(await work(doorbell)).toEqual({ status: 'completed', returns: { invocation: 'a', status: 'cancelled' } });
    expect(calls).toEqual(['noteCancelled a', 'release a true', 'slot released']);
  });

  it('puts it off for as long as its endpoint asked for, without a record', async () => {
    const execute = () => Promise.reject(new PutOff(700));
    const { work, calls } = worker({ execute, record: async () => expect.unreachable() });
    expect(await work(doorbell)).toMatchObject({ status: 'completed', returns: { status: 'queued' } });
    expect(calls).toEqual(['putOff a 700', 'dueIn batch 700', 'release a true', 'slot released']);
  });

  it('completes it when the ending is committed, and lets the slot and the row go', async () => {
    const { work, calls } = worker();
    expect(await work(doorbell)).toEqual({ status: 'completed', returns: { invocation: 'a', status: 'succeeded' } });
    expect(calls).toEqual(['release a true', 'slot released']);
  });

  it('ends it failed, with code and message, when the invocation failed', async () => {
    const { work } = worker({ execute: ending({ status: 'failed', error: failure }) });
    expect(await work(doorbell)).toEqual({
      status: 'failed',
      returns: { invocation: 'a', status: 'failed' },
      reason: 'unexpected-status: The server answered 404.',
    });
  });

  it('completes it when a retry is due later, and sets the clock for that', async () => {
    const { work, calls } = worker({ execute: ending({ status: 'retrying', error: failure, delayMs: 500 }) });
    expect(await work(doorbell)).toMatchObject({ returns: { status: 'retrying' } });
    expect(calls).toContain('dueIn batch 500');
  });

  it('ends as what was recorded: a 304 whose stored bytes are gone asks again at once', async () => {
    const record = async (each: Settled) => askAgain(each);
    const { work, calls } = worker({ record });
    expect(await work(doorbell)).toEqual({ status: 'completed', returns: { invocation: 'a', status: 'retrying' } });
    expect(calls).toContain('dueIn batch 0');
  });

  it('leaves the row waiting when its integration has its share of slots', async () => {
    const { work, calls } = worker({ shares: { takeNow: async () => null, leftWaiting: () => {} } });
    expect(await work(doorbell)).toMatchObject({ status: 'completed', returns: { status: 'queued' } });
    expect(calls).toEqual(['park a']);
  });

  it('does nothing when somebody else has the row', async () => {
    const { work, calls } = worker({ claim: async () => null });
    expect(await work(doorbell)).toMatchObject({ status: 'completed', returns: { status: 'running' } });
    expect(calls).toEqual(['permit given back acme 1', 'slot released']);
  });

  it("adopts a producer's own job, or ends it failed with the reason", async () => {
    expect(await worker().work(job)).toMatchObject({ returns: { invocation: 'adopted' } });
    const { work } = worker({ adopt: async () => ({ ok: false, reason: 'invalid-job: no' }) });
    expect(await work(job)).toEqual({ status: 'failed', returns: null, reason: 'invalid-job: no' });
  });

  describe('whose integration has used up its rates', () => {
    const permits = (waitMs: number) => ({ take: async () => ({ granted: 0, waitMs }), giveBack: () => {} });

    it('lets the row wait until the next request may begin, without a slot or a claim', async () => {
      const claim = async () => expect.unreachable();
      const { work, calls } = worker({ permits: permits(90_000), claim });
      expect(await work(doorbell)).toMatchObject({ status: 'completed', returns: { status: 'queued' } });
      expect(calls).toEqual(['slot released', 'postpone a 90000', 'dueIn batch 90000']);
    });

    it('fails a click at once that would wait in vain, and lets a shorter wait be', async () => {
      let refusal: unknown;
      const execute: WorkDependencies['execute'] = async (claimed, company) => {
        refusal = company.refusal;
        return settled(claimed, { status: 'failed', error: failure });
      };
      const vain = worker({ lane: 'interactive', permits: permits(31_000), execute });
      expect(await vain.work(doorbell)).toMatchObject({ status: 'failed' });
      expect(refusal).toMatchObject({ code: 'rate-limited', side: 'configuration' });
      expect(vain.calls).toContain('release a true');
      const soon = worker({ lane: 'interactive', permits: permits(29_000), claim: async () => expect.unreachable() });
      expect(await soon.work(doorbell)).toMatchObject({ returns: { status: 'queued' } });
      expect(soon.calls).toContain('postpone a 29000');
    });
  });

  describe('while an identical one is in flight', () => {
    const flight = { version: 1, landed: Promise.resolve(), join: () => expect.unreachable() } as never;
    const inFlight = {
      lane: 'interactive',
      flights: { over: () => true, find: () => flight },
      identityOf: async () => ({ ...claimedRow(), lane: 'interactive' }),
    } satisfies Partial<WorkDependencies>;

    it('shares that where it has no slot or permit of its own', async () => {
      const joined: unknown[] = [];
      const execute: WorkDependencies['execute'] = async (claimed, company) => {
        joined.push(company.flight);
        return settled(claimed);
      };
      const shares = { takeNow: async () => null, leftWaiting: () => expect.unreachable() };
      const permits = { take: async () => ({ granted: 0, waitMs: 1e6 }), giveBack: () => {} };
      expect(await worker({ ...inFlight, shares, execute }).work(doorbell)).toMatchObject({ status: 'completed' });
      expect(await worker({ ...inFlight, permits, execute }).work(doorbell)).toMatchObject({ status: 'completed' });
      expect(joined).toEqual([flight, flight]);
    });

    it('gives its own slot and permit up as soon as it shares', async () => {
      const execute: WorkDependencies['execute'] = async (claimed, company) => {
        company.onJoined?.();
        calls.push('joined');
        return settled(claimed);
      };
      const { work, calls } = worker({ ...inFlight, execute });
      await work(doorbell);
      expect(calls).toEqual(['slot released', 'permit given back acme 1', 'joined', 'release a true']);
    });

    it('waits for a slot like any other if what is in flight is something else', async () => {
      const flights = { over: () => true, find: () => null };
      const shares = { takeNow: async () => null, leftWaiting: () => {} };
      const { work, calls } = worker({ ...inFlight, flights, shares, claim: async () => expect.unreachable() });
      expect(await work(doorbell)).toMatchObject({ returns: { status: 'queued' } });
      expect(calls).toEqual(['park a']);
    });
  });

  it('gives the row back when Errand itself fails, and sets it aside the third time', async () => {
    const execute = () => Promise.reject(new TypeError('a bug'));
    const first = worker({ execute });
    expect(await first.work(doorbell)).toMatchObject({ returns: { status: 'retrying' } });
    expect(first.calls).toContain('giveBack a 5000');
    const third = worker({ execute, claim: async (id) => claimedRow({ id, crashes: 2 }) });
    expect(await third.work(doorbell)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^poisoned: /),
    });
  });

  it('says that it may still hold the row when even giving it back fails', async () => {
    const { work, calls } = worker({
      execute: () => Promise.reject(new Error('a bug')),
      giveBack: () => Promise.reject(new Error('the database is away')),
    });
    await expect(work(doorbell)).rejects.toThrow('the database is away');
    expect(calls).toEqual(['error attempt.crashed Errand failed', 'release a false', 'slot released']);
  });
});
