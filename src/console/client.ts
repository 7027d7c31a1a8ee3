import { createHttpClient } from '../client/http.ts';

const storedToken = 'errand-portal-token';

/** A customer's own admin has a token, since a frame of another site has no cookies; everybody else has the session's cookie. */
export const portalToken = sessionStorage.getItem(storedToken);

/** The typed client, for this host. */
export const client = createHttpClient({ url: window.location.origin, apiKey: portalToken });

/** Uses the token from the next page on. */
export function keepPortalToken(token: string): void {
  sessionStorage.setItem(storedToken, token);
}
