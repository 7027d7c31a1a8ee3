import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Unauthenticated } from '../access/authenticate.ts';
import { ProblemError } from './problems.ts';

export type ThrottleOptions = {
  /** Wrong keys from one address within `perSeconds`; after that none is looked at until the time is over. */
  failures: number;
  perSeconds: number;
};

/** Nobody mistypes a key so often in a minute, and a script with an old one is slowed down to something harmless. */
export const throttleDefaults: ThrottleOptions = { failures: 20, perSeconds: 60 };

/** Keys that were right within the last hour; some thousand are all that an installation has. */
const provenKeys = { max: 10_000, ttl: 60 * 60 * 1000 };

export type Throttle = {
  /**
   * Lets `look` look at the key that was sent from `address`, and counts it if it is wrong.
   *
   * @throws ProblemError `too-many-requests` if too many were wrong of late; whatever `look` throws
   */
  attempt<Answer>(address: string, key: string, look: () => Promise<Answer>): Promise<Answer>;
};

/**
 * Slows down whoever tries keys. All behind one proxy share an address, so that a key which was right of late is
 * looked at even while its address is held off: one broken client does not lock out the billing system.
 */
export function createThrottle({ failures, perSeconds }: ThrottleOptions = throttleDefaults): Throttle {
  const limiter = new RateLimiterMemory({ points: failures, duration: perSeconds });
  const proven = new LRUCache<string, true>(provenKeys);

  async function refuseIfHeldOff(from: string): Promise<void> {
    const count = await limiter.get(from);
    if (count === null || count.consumedPoints < failures) return;
    const seconds = Math.max(1, Math.ceil(count.msBeforeNext / 1000));
    const detail = `Too many wrong keys came from this address. Try again in ${seconds} s.`;
    throw new ProblemError('too-many-requests', detail, { headers: { 'retry-after': String(seconds) } });
  }

  return {
    async attempt(address, key, look) {
      const digest = createHash('sha256').update(key).digest('base64');
      const from = networkOf(address);
      if (!proven.has(digest)) await refuseIfHeldOff(from);
      try {
        const answer = await look();
        proven.set(digest, true);
        return answer;
      } catch (error) {
        if (error instanceof Unauthenticated) {
          proven.delete(digest);
          if (error.keyGiven) await limiter.penalty(from);
        }
        throw error;
      }
    },
  };
}

/** An IPv6 host has a whole /64 to choose its address from (RFC 4291 §2.5.4), so that is what counts as one. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.');
}
