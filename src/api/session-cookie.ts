import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Where TLS ends before us, the proxy says so. Whoever lies about it changes only how their own cookie is kept.
 */
export function overHttps({ protocol, headers }: Pick<FastifyRequest, 'protocol' | 'headers'>): boolean {
  const forwarded = [headers['x-forwarded-proto'] ?? ''].flat().join(',').split(',')[0]?.trim().toLowerCase();
  return protocol === 'https' || forwarded === 'https';
}

/** `__Host-`: no other host of the domain can set it, and no request without TLS (RFC 6265bis §4.1.3.2). */
const nameOf = (secure: boolean) => (secure ? '__Host-errand-session' : 'errand-session');

/** The session's cookie as the browser sent it. */
export function sessionCookie(request: FastifyRequest): string | undefined {
  const { cookie } = request.headers;
  return cookie === undefined ? undefined : parseCookie(cookie)[nameOf(overHttps(request))];
}

/** Sets the session's cookie; `null` takes it away. No script can read it, no other site can send it. */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  session: { cookie: string; expiresAt: Date } | null,
): void {
  const secure = overHttps(request);
  const name = nameOf(secure);
  const fixed = { name, httpOnly: true, sameSite: 'strict', path: '/', secure } as const;
  const text =
    session === null
      ? stringifySetCookie({ ...fixed, value: '', maxAge: 0 })
      : stringifySetCookie({ ...fixed, value: session.cookie, expires: session.expiresAt });
  reply.header('set-cookie', text);
}
