import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/contract/lane.ts';
import type { Doorbell } from '../../../src/invocations/invocation.ts';
import { createRinger } from '../../../src/invocations/ring.ts';
import { type SweepDependencies, sweep } from '../../../src/invocations/sweep.ts';

const doorbell = (invocation: string): Doorbell => ({ invocation, integration: 'acme', generation: 1 });

function ringer(options: { due?: Doorbell[]; queueAway?: boolean } = {}) {
  const added: string[] = [];
  const unrung: string[] = [];
  const timers: { lane: Lane; ring: () => Promise<void>; delays: number[] }[] = [];
  const lanes: Lane[] = ['interactive', 'batch'];
  const created = createRinger({
    due: {
      takeDue: async () => options.due ?? [],
      takeDueOf: async (_integration, _lane, limit) => (options.due ?? []).slice(0, limit),
      takeProbes: async (integration) =>
        (options.due ?? []).filter((each) => each.integration === (integration ?? 'acme')),
      unring: async (ids) => void unrung.push(...ids),
    },
    addJobs: async (_lane, doorbells) => {
      if (options.queueAway) throw new Error('away');
      added.push(...doorbells.map(({ invocation }) => invocation));
    },
    createTimer: (ring) => {
      const timer = { lane: lanes[timers.length] as Lane, ring, delays: [] as number[] };
      timers.push(timer);
      return { at: (delayMs) => void timer.delays.push(delayMs), stop: async () => {} };
    },
    log: { warn: () => {} },
  });
  return { ...created, added, unrung, timers };
}

describe('contract §7: ringing', () => {
  it('adds a job for each due row', async () => {
    const { due, added } = ringer({ due: [doorbell('a'), doorbell('b')] });
    expect(await due('batch')).toBe(2);
    expect(added).toEqual(['a', 'b']);
  });

  it('takes it back where the queue is away, and never rejects', async () => {
    const { add, added, unrung } = ringer({ queueAway: true });
    await add('batch', [doorbell('a')]);
    expect(added).toEqual([]);
    expect(unrung).toEqual(['a']);
  });

  it('adds a job for the row that is to probe a held integration, of one or of all', async () => {
    const { probe, added } = ringer({ due: [doorbell('a')] });
    expect([await probe('globex'), await probe('acme'), await probe()]).toEqual([0, 1, 1]);
    expect(added).toEqual(['a', 'a']);
  });

  it('rings when the time of the lane has come', async () => {
    const { dueIn, timers, added } = ringer({ due: [doorbell('a')] });
    dueIn('batch', 250);
    expect(timers.map(({ lane, delays }) => [lane, delays])).toEqual([
      ['interactive', []],
      ['batch', [250]],
    ]);
    await timers[1]?.ring();
    expect(added).toEqual(['a']);
  });
});

describe('contract §7: a sweep', () => {
  function dependencies(overrides: Partial<SweepDependencies['due']> = {}) {
    const calls: string[] = [];
    const all: SweepDependencies = {
      ringer: {
        due: async (lane) => {
          calls.push(`ring ${lane}`);
          return 1;
        },
        dueIn: (lane, delayMs) => void calls.push(`due in ${lane} ${delayMs}`),
        probe: async () => {
          calls.push('probe');
          return 1;
        },
      },
      due: {
        overdueRung: async (lane) => (lane === 'batch' ? [doorbell('kept'), doorbell('lost')] : []),
        stillRung: async (ids) => void (ids.length > 0 && calls.push(`still ${ids}`)),
        unring: async (ids) => void (ids.length > 0 && calls.push(`unring ${ids}`)),
        nextDueInMs: async (lane) => (lane === 'interactive' ? 700 : null),
        ...overrides,
      },
      lost: async (_lane, doorbells) => doorbells.filter(({ invocation }) => invocation === 'lost'),
      free: async () => {
        calls.push('free');
        return [{ id: 'x', lane: 'batch' }];
      },
      log: { info: () => {}, warn: () => {} },
    };
    return { all, calls };
  }

  it('rings for what is due, for lost jobs, and sets its own timer for what falls due soon', async () => {
    const { all, calls } = dependencies();
    expect(await sweep(all, true)).toEqual({ freed: 1, lost: 1, rung: 3 });
    expect(calls).toEqual([
      'free',
      'ring interactive',
      'due in interactive 700',
      'unring lost',
      'still kept',
      'ring batch',
      'probe',
    ]);
  });

  it('takes nothing from silent workers while the leader is new', async () => {
    const { all, calls } = dependencies();
    await sweep(all, false);
    expect(calls).not.toContain('free');
  });
});
