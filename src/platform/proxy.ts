import { getProxyForUrl } from 'proxy-from-env';

/** The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case; `null`: none. */
export function proxyFor(url: string): URL | null {
  return URL.parse(getProxyForUrl(url));
}
