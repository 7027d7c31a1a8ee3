import { createHttpClient } from '../client/http.ts';

const storedToken = 'errand-portal-token';

/** A customer's own admin has a token, since a frame of another site has no cookies; everybody else has the session's cookie. */
export let portalToken = readToken();

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

function readToken(): string | null {
  try {
    return sessionStorage.getItem(storedToken);
  } catch {
    return null;
  }
}
