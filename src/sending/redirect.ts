import type { ReceivedHeader } from '../judging/exchange.ts';

/** How many redirects are followed (contract §6). */
export const maxRedirects = 5;

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** All that goes along when the origin changes: what a command sends besides may be meant for the first origin only. */
const harmless = new Set(['accept', 'accept-language', 'user-agent']);

type Header = { readonly key: string; readonly value: string };

/** All values of a header, whatever the case of its name. */
export function headerValues(headers: readonly Header[], name: string): string[] {
  const values: string[] = [];
  for (const { key, value } of headers) {
    if (key.length === name.length && key.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** A redirect that is not followed, and why, for the person who configured the command. */
export type NotFollowed = { notFollowed: string };

/**
 * Where an answer redirects a GET or HEAD to; `undefined` if it is no redirect. Not followed are: a Location that is
 * missing, given twice with different values, no URL, no http or https URL, or that holds a user name or password; and
 * https to http, because what would come back over an unprotected connection could have been written by anyone. Reasons
 * do not quote the Location, which may hold anything.
 */
export function redirectTarget(
  from: URL,
  method: string,
  status: number,
  headers: readonly ReceivedHeader[],
): URL | NotFollowed | undefined {
  if (!redirectStatuses.has(status)) return undefined;
  if (method !== 'GET' && method !== 'HEAD') return { notFollowed: 'redirects are followed for GET and HEAD only' };
  const [location, ...others] = headerValues(headers, 'location');
  if (location === undefined || location === '') return { notFollowed: 'it does not say where to (Location)' };
  if (others.some((other) => other !== location)) return { notFollowed: 'it names several places (Location)' };
  const target = URL.parse(location, from.href);
  if (target === null) return { notFollowed: 'its Location is not a valid URL' };
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    return { notFollowed: 'its Location is neither an http nor an https URL' };
  }
  if (target.username !== '' || target.password !== '') {
    return { notFollowed: 'its Location holds a user name or password, which is not followed' };
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    return { notFollowed: 'it leads from https to http, which is not followed' };
  }
  return target;
}

/** The headers for the next hop: all of them within an origin (scheme, host, port), the harmless ones beyond. */
export function redirectHeaders(from: URL, to: URL, headers: readonly Header[]): readonly Header[] {
  if (from.origin === to.origin) return headers;
  return headers.filter(({ key }) => harmless.has(key.toLowerCase()));
}
