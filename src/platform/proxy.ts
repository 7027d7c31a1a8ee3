import { getProxyForUrl } from 'proxy-from-env';

const example = 'http://user:password@proxy.example:3128';
const encode = 'special characters in a password are percent-encoded';

/** The variables that name a proxy, in the two spellings that count. */
export const isProxyVariable = (name: string): boolean => /^(?:https?|all)_proxy$|^(?:HTTPS?|ALL)_PROXY$/.test(name);

/**
 * What is wrong with the URL of a proxy, of which no more than the scheme is repeated: it may hold a password. One without
 * a scheme is refused, because programs do not agree on what it means.
 */
export function proxyProblem(text: string): string | null {
  const scheme = /^\s*([a-z][a-z0-9+.-]*:\/\/)/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return `must begin with http:// or https://, such as ${example}`;
  if (scheme !== 'http://' && scheme !== 'https://') {
    return `must begin with http:// or https://, not "${scheme}": a proxy is asked for a tunnel by HTTP (CONNECT)`;
  }
  const url = URL.parse(text);
  if (url === null) return `must be a URL such as ${example}; ${encode}`;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return `must end with the host or its port, such as ${example}; ${encode}`;
  }
  return isEncoded(url.username) && isEncoded(url.password)
    ? null
    : 'has a "%" in its user name or password that encodes nothing: a "%" itself is written %25';
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A proxy that is configured and cannot be used; it does not say which. */
export type UnusableProxy = { problem: string };

/** The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case; `null`: none. */
export function proxyFor(url: string): URL | UnusableProxy | null {
  const text = getProxyForUrl(url);
  if (text === '') return null;
  const problem = proxyProblem(text);
  return problem === null ? new URL(text) : { problem };
}
