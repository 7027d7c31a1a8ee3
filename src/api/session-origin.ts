import type { FastifyRequest } from 'fastify';

const safe = new Set(['GET', 'HEAD', 'OPTIONS']);

type Asked = Pick<FastifyRequest, 'method' | 'headers'>;

/** Does this request change nothing (RFC 9110 §9.2.1)? */
export const isSafe = ({ method }: Pick<Asked, 'method'>) => safe.has(method);

/**
 * Did a page of our own make the request? `Sec-Fetch-Site` is what browsers say of themselves, over https and on
 * loopback; elsewhere the `Origin` must have the host that was asked for. Where neither is sent it was no browser of
 * these years: `null`.
 */
export function fromOurPage({ headers }: Asked): boolean | null {
  const site = headers['sec-fetch-site'];
  // "none": a person typed the address or opened a bookmark.
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = headers;
  if (origin === undefined) return null;
  return URL.canParse(origin) && new URL(origin).host === host;
}
