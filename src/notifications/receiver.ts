import { Refusal } from '../contract/problem.ts';

/** @throws Refusal `invalid`, at the field, for a URL that nothing can ever be sent to */
export type CheckReceiver = (url: string | undefined, field: 'callbackUrl' | 'url') => Promise<void>;

/** @param refused why nothing can be sent there, as far as can be told beforehand */
export function createReceiverCheck(refused: (url: string) => Promise<string | undefined>): CheckReceiver {
  return async (url, field) => {
    const reason = url === undefined ? undefined : await refused(url);
    if (reason === undefined) return;
    const message = `leads where nothing is sent: ${reason}`;
    throw new Refusal('invalid', 'Notifications could not be sent there.', [{ path: field, message }]);
  };
}
