import { describe, expect, it } from 'vitest';
import { createLeases } from '../../../src/lanes/leases.ts';
import type { SlotAsk, SlotLease } from '../../../src/store/slot-leases.ts';

type Answer = Omit<SlotLease, 'integration'> | Error;

/** Leases of ten seconds, the database's answers in turn (then whatever is wanted), and a clock that stands still. */
function open(...answers: Answer[]) {
  const asked: SlotAsk[] = [];
  const demand = { held: 0, wanted: 0 };
  const grown: string[] = [];
  const errors: unknown[] = [];
  let now = 0;
  let timer: (() => void) | null = null;
  const leases = createLeases({
    lease: async (_, asks) => {
      asked.push(...asks);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return asks.map(({ integration, wanted }) => ({
        integration,
        ...(answer ?? { slots: wanted, contended: false }),
      }));
    },
    demandOf: () => ({ ...demand }),
    mostOf: () => 7,
    onGrown: (integration) => grown.push(integration),
    onError: (error) => errors.push(error),
    leaseMs: 10_000,
    againMs: 50,
    timers: {
      now: () => now,
      set: (callback) => {
        timer = callback;
        return callback;
      },
      clear: () => {
        timer = null;
      },
    },
  });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    leases,
    asked,
    demand,
    grown,
    errors,
    turn,
    pass: (ms: number) => (now += ms),
    async fire() {
      const fired = timer;
      timer = null;
      fired?.();
      await turn();
      return fired !== null;
    },
  };
}

describe('leases of a process (contract §7)', () => {
  it('are asked for as far as they are wanted, and as there can be any', async () => {
    const { leases, asked, demand } = open();
    demand.wanted = 20;
    await leases.ask('acme');
    expect(asked).toEqual([{ integration: 'acme', held: 0, wanted: 7 }]);
    await leases.ask('acme');
    expect(asked).toHaveLength(1);
    expect(leases.of('acme')).toBe(7);
    expect(leases.of('globex')).toBe(0);
  });

  it('are over when they were not renewed in time, by the own clock', async () => {
    const { leases, demand, pass } = open();
    demand.wanted = 2;
    await leases.ask('acme');
    pass(9_999);
    expect(leases.of('acme')).toBe(2);
    await leases.renew();
    pass(9_999);
    expect(leases.of('acme')).toBe(2);
    pass(1);
    expect(leases.of('acme')).toBe(0);
  });

  it('are asked for again while somebody waits, by themselves and not by everybody who comes', async () => {
    const { leases, asked, demand, grown, fire, turn } = open({ slots: 0, contended: false });
    demand.wanted = 1;
    await leases.ask('acme');
    await leases.ask('acme');
    await leases.ask('acme');
    await turn();
    expect(asked).toHaveLength(1);
    expect(await fire()).toBe(true);
    expect(asked).toHaveLength(2);
    expect(grown).toEqual(['acme']);
    expect(await fire()).toBe(false);
  });

  it('are asked for no more when nobody waits any longer', async () => {
    const { leases, asked, demand, fire } = open({ slots: 0, contended: false });
    demand.wanted = 1;
    await leases.ask('acme');
    demand.wanted = 0;
    await fire();
    expect(asked).toHaveLength(1);
  });

  it('let nothing new begin after a release while others wait, before the answer is there', async () => {
    const { leases, asked, demand, turn } = open({ slots: 3, contended: true }, { slots: 1, contended: true });
    Object.assign(demand, { held: 2, wanted: 5 });
    await leases.ask('acme');
    demand.held = 1;
    leases.released('acme');
    expect(leases.of('acme')).toBe(1);
    await turn();
    expect(asked.at(-1)).toEqual({ integration: 'acme', held: 1, wanted: 5 });
  });

  it('cost nothing at a release where nobody else waits, and keep what was in use until the next renewal', async () => {
    const { leases, asked, demand } = open();
    demand.wanted = 3;
    await leases.ask('acme');
    Object.assign(demand, { held: 0, wanted: 0 });
    leases.released('acme');
    expect(asked).toHaveLength(1);
    await leases.renew();
    expect(asked.at(-1)).toEqual({ integration: 'acme', held: 0, wanted: 1 });
  });

  it('are looked at again when limits change, where there are any', async () => {
    const { leases, asked, demand, turn } = open();
    demand.wanted = 1;
    leases.changed();
    leases.changed('acme');
    await leases.ask('acme');
    leases.changed('acme');
    leases.changed();
    await turn();
    expect(asked).toHaveLength(2);
  });

  it('say so when the database is away, and go on with the next renewal', async () => {
    const { leases, demand, grown } = open(new Error('away'), new Error('away'));
    demand.wanted = 1;
    await expect(leases.ask('acme')).rejects.toThrow('away');
    await expect(leases.renew()).rejects.toThrow('away');
    await leases.renew();
    expect([leases.of('acme'), grown]).toEqual([1, ['acme']]);
  });

  it('are asked for no more after they were stopped', async () => {
    const { leases, asked, demand, fire } = open({ slots: 0, contended: true });
    demand.wanted = 1;
    await leases.ask('acme');
    await leases.stop();
    leases.released('acme');
    leases.changed();
    await leases.renew();
    await fire();
    expect(asked).toHaveLength(1);
  });
});
