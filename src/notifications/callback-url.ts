import { Refusal } from '../contract/problem.ts';

/** @throws Refusal `invalid` for a URL that a callback can never be sent to */
export type CheckCallback = (url: string | undefined) => Promise<void>;

/** @param refused why nothing can be sent there, as far as can be told beforehand */
export function createCallbackCheck(refused: (url: string) => Promise<string | undefined>): CheckCallback {
  return async (url) => {
    const reason = url === undefined ? undefined : await refused(url);
    if (reason === undefined) return;
    const message = `leads where nothing is sent: ${reason}`;
    throw new Refusal('invalid', 'The callback could not be sent.', [{ path: 'callbackUrl', message }]);
  };
}
