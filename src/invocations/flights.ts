import type { Claimed } from './invocation.ts';

/** What makes two interactive invocations identical (contract §7). */
export type Identity = Pick<Claimed, 'integration' | 'command' | 'fingerprint' | 'lane' | 'sealedTokens'>;

/** An exchange that several invocations share: it is aborted when nobody waits for it any more. */
export type Flight<Answer> = {
  /** The configuration version that it was sent with. */
  version: number;
  landed: Promise<Answer>;
  /** One more waits for it, until it lands or `signal` aborts: then rejects with the signal's reason. */
  join(signal: AbortSignal): Promise<Answer>;
};

export type Flights<Answer> = {
  /** Is anything of the integration in flight that could be shared? */
  over(integration: string): boolean;
  /** The exchange that this invocation could share: of a configuration that is not older than `version`. */
  find(identity: Identity, version: number): Flight<Answer> | null;
  /**
   * Sends, so that others can join. When `signal` aborts while others wait, it rejects only after landing: until then the
   * exchange is still this one's, with its slot.
   */
  lead(
    identity: Identity,
    version: number,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer>;
};

/**
 * Single-flight: clicks on the same thing at the same time, in this process, send one request. Only for what a person
 * waits for: batches do not ask for the same thing twice. Not where a token is sensitive: whose it is, is nobody else's.
 */
export function createFlights<Answer>(): Flights<Answer> {
  const flights = new Map<string, Map<string, Flight<Answer>>>();

  return {
    over: (integration) => flights.has(integration),
    find(identity, version) {
      if (!isShareable(identity)) return null;
      const flight = flights.get(identity.integration)?.get(keyOf(identity));
      return flight === undefined || flight.version < version ? null : flight;
    },
    lead(identity, version, signal, send) {
      if (!isShareable(identity)) return send(signal);
      const { integration } = identity;
      const key = keyOf(identity);
      const flight = takeOff(version, send, () => {
        const ofIntegration = flights.get(integration);
        if (ofIntegration?.get(key) === flight) ofIntegration.delete(key);
        if (ofIntegration?.size === 0) flights.delete(integration);
      });
      const others = flights.get(integration) ?? new Map<string, Flight<Answer>>();
      flights.set(integration, others.set(key, flight));
      // Its own place in it: the exchange is not aborted as long as this one waits.
      flight.join(signal).catch(() => {});
      return flight.landed.then((answer) => {
        signal.throwIfAborted();
        return answer;
      });
    },
  };
}

function isShareable({ lane, sealedTokens }: Identity): boolean {
  return lane === 'interactive' && sealedTokens === null;
}

function keyOf({ command, fingerprint }: Identity): string {
  return `${command} ${fingerprint.toString('base64')}`;
}

/** @param onGone told once, when it has landed or nobody waits for it: nobody can join any more */
function takeOff<Answer>(
  version: number,
  send: (signal: AbortSignal) => Promise<Answer>,
  onGone: () => void,
): Flight<Answer> {
  const controller = new AbortController();
  let waiting = 0;
  const landed = send(controller.signal).finally(onGone);
  return {
    version,
    landed,
    join(signal) {
      waiting += 1;
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting -= 1;
          if (waiting === 0) {
            onGone();
            controller.abort(signal.reason);
          }
          reject(signal.reason);
        };
        if (signal.aborted) return leave();
        signal.addEventListener('abort', leave, { once: true });
        landed.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
      });
    },
  };
}
