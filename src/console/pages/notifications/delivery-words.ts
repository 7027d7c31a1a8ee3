import type { Notification } from '../../../contract/notification.ts';

type Tried = Pick<Notification, 'status' | 'lastStatus' | 'lastError' | 'nextAttemptAt'>;

/** How it stands; one that failed and is still tried is not one that nobody has tried. */
export type DeliveryState = 'waiting' | 'retrying' | 'delivered' | 'failed';

export const deliveryState = ({ status, lastError }: Tried): DeliveryState => {
  if (status !== 'pending') return status;
  return lastError === null ? 'waiting' : 'retrying';
};

export const stateWords: Readonly<Record<DeliveryState, string>> = {
  waiting: 'waiting',
  retrying: 'will be tried again',
  delivered: 'delivered',
  failed: 'failed',
};

/** What came back; `null`: nothing yet. */
export function answerWords({ lastStatus, lastError }: Tried): string | null {
  if (lastError !== null) return lastError.message;
  return lastStatus === null ? null : `The receiver answered ${lastStatus}.`;
}

/** The host of a URL, whose path may be long, and as good as a secret. */
export const hostOf = (url: string) => URL.parse(url)?.host ?? url;

/** What an endpoint is called. */
export const endpointName = ({ name, url }: { name: string | null; url: string }) => name ?? hostOf(url);
