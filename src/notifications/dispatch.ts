import type { Deliver } from './deliver.ts';
import type { ClaimedNotification, Delivery } from './notification.ts';
import { type NextStep, settleDelivery } from './settle.ts';

/** Exchanges in flight in one process, and of these with one endpoint or one host of callbacks. */
export const inFlightAtOnce = { all: 64, perTarget: 8 };

/** A try and what follows from it. */
export type Tried = { notification: ClaimedNotification; delivery: Delivery; next: NextStep };

/** What became of a recorded try: the endpoint has had nothing delivered for so long that it is given up. */
export type RecordedTry = { givenUp: boolean };

export type DispatchDependencies = {
  /** Takes what is due, of each target no more than `perTarget` with those that are `busy` already. */
  claim: (limits: {
    limit: number;
    perTarget: number;
    busy: ReadonlyMap<string, number>;
  }) => Promise<ClaimedNotification[]>;
  deliver: Deliver;
  record: (tried: Tried) => Promise<RecordedTry>;
  /** Tells an endpoint nothing more, and says why in the audit log. */
  disable: (endpoint: string, reason: string) => Promise<void>;
  random: () => number;
  log: Record<'debug' | 'warn', (event: string, fields: Record<string, unknown>, message: string) => void>;
};

export type Dispatch = {
  /** Takes what is due and begins to send it; answers how many. */
  pass(): Promise<number>;
  /** Resolves when one of those in flight has ended, or `ms` are over. */
  freed(ms: number): Promise<void>;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
};

/**
 * Sends what is due. One endpoint has only so many of the places, so that one that is dead holds up no other: what waits for
 * it stays in the table.
 */
export function createDispatch(dependencies: DispatchDependencies): Dispatch {
  const { claim, random, log } = dependencies;
  const busy = new Map<string, number>();
  const inFlight = new Set<Promise<void>>();
  let free: PromiseWithResolvers<void> = Promise.withResolvers();

  function begin(notification: ClaimedNotification): void {
    const { target } = notification;
    busy.set(target, (busy.get(target) ?? 0) + 1);
    const sending: Promise<void> = tryOnce(dependencies, notification, random)
      .then(() => undefined)
      .catch((error) => {
        const fields = { notification: notification.id, error };
        log.warn('notification.not-recorded', fields, 'A notification is sent again when its lease is over');
      })
      .finally(() => {
        inFlight.delete(sending);
        const left = (busy.get(target) ?? 1) - 1;
        if (left === 0) busy.delete(target);
        else busy.set(target, left);
        free.resolve();
        free = Promise.withResolvers();
      });
    inFlight.add(sending);
  }

  return {
    async pass() {
      const limit = inFlightAtOnce.all - inFlight.size;
      if (limit <= 0) return 0;
      const claimed = await claim({ limit, perTarget: inFlightAtOnce.perTarget, busy });
      for (const notification of claimed) begin(notification);
      return claimed.length;
    },
    async freed(ms) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      await Promise.race([promise, free.promise]);
      clearTimeout(timer);
    },
    async idle() {
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
  };
}

const goneReason = 'It answered 410 Gone: nobody is there any more.';
const silentReason = 'Nothing was delivered to it for days.';

/** One try, recorded, with what follows for its endpoint. */
export async function tryOnce(
  { deliver, record, disable, log }: Pick<DispatchDependencies, 'deliver' | 'record' | 'disable' | 'log'>,
  notification: ClaimedNotification,
  random: () => number,
): Promise<Delivery> {
  const delivery = await deliver(notification);
  const isTest = notification.event === 'notification.test';
  const settled = settleDelivery(delivery, notification.tried, random());
  // Somebody waits for what comes of a test.
  const next = isTest && settled.status === 'pending' ? ({ status: 'failed' } as const) : settled;
  const { givenUp } = await record({ notification, delivery, next });
  const { id, event, endpoint, attempt } = notification;
  const fields = {
    notification: id,
    notified: event,
    endpoint,
    attempt,
    status: delivery.status,
    error: delivery.error,
  };
  if (next.status === 'failed') log.warn('notification.failed', fields, 'A notification was not taken');
  else log.debug('notification.tried', { ...fields, next: next.status }, 'Sent a notification');
  if (endpoint !== null && !isTest && (delivery.gone || givenUp)) {
    await disable(endpoint, delivery.gone ? goneReason : silentReason);
  }
  return delivery;
}
