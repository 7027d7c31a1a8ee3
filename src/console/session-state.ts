import { ApiError } from '../client/errors.ts';

/** Is the session over, or was there none? */
export const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;

/** What stands where the page would be; `page`: the page itself, with what troubles it beside it. */
export type SessionState =
  | { show: 'loading' | 'sign-in' }
  | { show: 'outage'; error: unknown }
  | { show: 'page'; trouble: 'none' | 'signed-out' | 'outage' };

/**
 * Who was signed in once keeps their page, and what they have typed in it, whatever happens to the session: it may be
 * a moment's outage, or they sign in again elsewhere.
 */
export function sessionState({ data, error }: { data: unknown; error: unknown }): SessionState {
  if (data !== undefined) {
    return { show: 'page', trouble: error === null ? 'none' : isSignedOut(error) ? 'signed-out' : 'outage' };
  }
  if (error === null) return { show: 'loading' };
  return isSignedOut(error) ? { show: 'sign-in' } : { show: 'outage', error };
}
