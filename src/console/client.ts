import { createHttpClient } from '../client/http.ts';
import { isPortalPath } from './portal-path.ts';

const storedToken = 'errand-portal-token';

/** Is this page a customer's own admin's? It may be in a frame, so it never acts for whoever has the session's cookie. */
export const inPortal = isPortalPath(window.location.pathname);

/** A customer's own admin has a token, since a frame of another site has no cookies; everybody else has the session's cookie. */
export let portalToken = inPortal ? readToken() : null;

/** The typed client, for this host. */
export let client = clientWith(portalToken);

function clientWith(apiKey: string | null) {
  return createHttpClient({ url: window.location.origin, apiKey });
}

/** Uses the token from now on, and after the page was loaded anew. */
export function keepPortalToken(token: string): void {
  portalToken = token;
  client = clientWith(token);
  try {
    sessionStorage.setItem(storedToken, token);
  } catch {
    // A frame that may keep nothing: the token lasts as long as its page does.
  }
}

/** It is over: the next page need not try it. */
export function forgetPortalToken(): void {
  try {
    sessionStorage.removeItem(storedToken);
  } catch {
    // Nothing was kept.
  }
}

function readToken(): string | null {
  try {
    return sessionStorage.getItem(storedToken);
  } catch {
    return null;
  }
}
