import { describe, expect, it } from 'vitest';
import { createFlights } from '../../../src/invocations/flights.ts';
import { claimedRow } from '../../support/invocations.ts';

const click = (overrides = {}) => claimedRow({ lane: 'interactive', ...overrides });
const patient = () => new AbortController().signal;

/** Flights of text answers, and an exchange that the test lets end. */
function open() {
  const flights = createFlights<string>();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const send = (signal: AbortSignal) => {
    signals.push(signal);
    signal.addEventListener('abort', () => reject(signal.reason));
    return promise;
  };
  return { flights, send, land: resolve, crash: reject, aborted: () => signals.map(({ aborted }) => aborted) };
}

describe('identical invocations in flight (contract §7)', () => {
  it('share one exchange, and its answer', async () => {
    const { flights, send, land } = open();
    const first = flights.lead(click(), 1, patient(), send);
    const joined = flights.find(click(), 1)?.join(patient());
    land('an invoice');
    expect(await Promise.all([first, joined])).toEqual(['an invoice', 'an invoice']);
  });

  it('share its failure, too', async () => {
    const { flights, send, crash } = open();
    const first = flights.lead(click(), 1, patient(), send);
    const joined = flights.find(click(), 1)?.join(patient());
    crash(new Error('the connection broke'));
    await expect(first).rejects.toThrow('the connection broke');
    await expect(joined).rejects.toThrow('the connection broke');
  });

  it.each([
    ['another integration', { integration: 'globex' }],
    ['another command', { command: 'LoginWithToken' }],
    ['other tokens', { fingerprint: Buffer.from('others') }],
    ['a sensitive token', { sealedTokens: 'sealed' }],
    ['the other lane', { lane: 'batch' }],
  ])('are not those with %s', (_, other) => {
    const { flights, send } = open();
    void flights.lead(click(), 1, patient(), send);
    expect(flights.find(click(other), 1)).toBeNull();
  });

  it('are not those with a sensitive token, even of each other', () => {
    const { flights, send } = open();
    void flights.lead(click({ sealedTokens: 'sealed' }), 1, patient(), send);
    expect(flights.find(click({ sealedTokens: 'sealed' }), 1)).toBeNull();
    expect(flights.over('acme')).toBe(false);
  });

  it('are not joined by one that came after a change of the configuration', () => {
    const { flights, send } = open();
    void flights.lead(click(), 1, patient(), send);
    expect(flights.find(click(), 2)).toBeNull();
    void flights.lead(click(), 2, patient(), send);
    expect(flights.find(click(), 2)?.version).toBe(2);
  });

  it('are joined until the answer is there, and no longer', async () => {
    const { flights, send, land } = open();
    const first = flights.lead(click(), 1, patient(), send);
    expect(flights.over('acme')).toBe(true);
    land('an invoice');
    await first;
    expect(flights.find(click(), 1)).toBeNull();
    expect(flights.over('acme')).toBe(false);
  });

  describe('when one of them is cancelled', () => {
    const cancelled = new Error('cancelled');

    it('go on for the others, and the one that sent ends when the exchange does', async () => {
      const { flights, send, land, aborted } = open();
      const cancel = new AbortController();
      let ended = false;
      const first = flights.lead(click(), 1, cancel.signal, send).finally(() => {
        ended = true;
      });
      const joined = flights.find(click(), 1)?.join(patient());
      cancel.abort(cancelled);
      await Promise.resolve();
      expect([aborted(), ended]).toEqual([[false], false]);
      land('an invoice');
      expect(await joined).toBe('an invoice');
      await expect(first).rejects.toBe(cancelled);
    });

    it('end for the one that had joined, at once', async () => {
      const { flights, send, land, aborted } = open();
      const cancel = new AbortController();
      const first = flights.lead(click(), 1, patient(), send);
      const joined = flights.find(click(), 1)?.join(cancel.signal);
      cancel.abort(cancelled);
      await expect(joined).rejects.toBe(cancelled);
      expect(aborted()).toEqual([false]);
      land('an invoice');
      expect(await first).toBe('an invoice');
    });

    it('are aborted when all are, and joined no more', async () => {
      const { flights, send, aborted } = open();
      const [one, other] = [new AbortController(), new AbortController()];
      const first = flights.lead(click(), 1, one.signal, send);
      const joined = flights.find(click(), 1)?.join(other.signal);
      one.abort(cancelled);
      other.abort(cancelled);
      expect(aborted()).toEqual([true]);
      expect(flights.find(click(), 1)).toBeNull();
      await expect(first).rejects.toBe(cancelled);
      await expect(joined).rejects.toBe(cancelled);
    });
  });
});
