import { createHmac } from 'node:crypto';
import type { Auth } from '../../contract/authentication.ts';
import { signedHeaders } from '../../notifications/signing.ts';
import { mask } from '../../tokens/places/place.ts';
import type { RenderedRequest } from '../../tokens/render.ts';
import { basicCredentials } from './resolve.ts';

export type Authenticating = {
  /** When the attempt began, in Unix milliseconds: what is signed carries it. */
  at: number;
  /** For OAuth: what the token endpoint gave. */
  accessToken?: string;
  /** To be shown instead of sent: the mask stands for what only the secret can make. */
  masked?: boolean;
};

/** The header that a kind of authentication is in, unless it is in the URL. */
function headersOf(auth: Auth): readonly string[] {
  switch (auth.type) {
    case 'basic':
    case 'bearer':
    case 'oauth2-client-credentials':
      return ['Authorization'];
    case 'api-key':
      return auth.in === 'header' ? [auth.name] : [];
    case 'hmac':
      return auth.timestampHeader === undefined ? [auth.header] : [auth.timestampHeader, auth.header];
    case 'standard-webhooks':
      return ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    default:
      return auth satisfies never;
  }
}

/** Does the command say itself, in a header of the same name, who Errand is? Then that is sent, and no other. */
export function saysItself({ headers }: Pick<RenderedRequest, 'headers'>, auth: Auth): boolean {
  const own = new Set(headers.map(({ key }) => key.toLowerCase()));
  return headersOf(auth).some((name) => own.has(name.toLowerCase()));
}

/** The request with what says who Errand is. Pure: the same again for the same request and time. */
export function authenticate(request: RenderedRequest, auth: Auth | null, how: Authenticating): RenderedRequest {
  if (auth === null || saysItself(request, auth)) return request;
  const secret = (value: string) => (how.masked === true ? mask : value);
  switch (auth.type) {
    case 'basic':
      return withHeaders(request, { Authorization: `Basic ${secret(basicCredentials(auth))}` });
    case 'bearer':
      return withHeaders(request, { Authorization: `Bearer ${secret(auth.token)}` });
    case 'oauth2-client-credentials':
      return withHeaders(request, { Authorization: `Bearer ${secret(how.accessToken ?? '')}` });
    case 'api-key':
      return auth.in === 'header'
        ? withHeaders(request, { [auth.name]: secret(auth.value) })
        : withParameter(request, auth.name, how.masked === true ? mask : encodeURIComponent(auth.value));
    case 'hmac':
      return withHeaders(request, signed(request, auth, how));
    case 'standard-webhooks':
      return withHeaders(request, signedAsWebhook(request, auth.secret, how));
    default:
      return auth satisfies never;
  }
}

function signed(
  { body = '' }: RenderedRequest,
  { secret, header, algorithm, encoding, prefix = '', timestampHeader }: Extract<Auth, { type: 'hmac' }>,
  { at, masked }: Authenticating,
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const content = timestampHeader === undefined ? body : `${timestamp}.${body}`;
  const signature = masked === true ? mask : createHmac(algorithm, secret).update(content).digest(encoding);
  const value = { [header]: prefix + signature };
  return timestampHeader === undefined ? value : { [timestampHeader]: timestamp, ...value };
}

/** Standard Webhooks, "Signature scheme". The id is the `Idempotency-Key`: the same on every attempt. */
function signedAsWebhook(
  { headers, body = '' }: RenderedRequest,
  secret: string,
  { at, masked }: Authenticating,
): Record<string, string> {
  const id = headers.find(({ key }) => key.toLowerCase() === 'idempotency-key')?.value ?? '';
  const signed = signedHeaders(masked === true ? [] : [secret], { id, body, at: new Date(at) });
  const values = Object.fromEntries(signed.map(({ key, value }) => [key, value]));
  return masked === true ? { ...values, 'webhook-signature': `v1,${mask}` } : values;
}

function withHeaders(request: RenderedRequest, added: Record<string, string>): RenderedRequest {
  const more = Object.entries(added).map(([key, value]) => ({ key, value }));
  return { ...request, headers: [...request.headers, ...more] };
}

function withParameter(request: RenderedRequest, name: string, value: string): RenderedRequest {
  const separator = !request.url.includes('?') ? '?' : /[?&]$/.test(request.url) ? '' : '&';
  return { ...request, url: `${request.url}${separator}${encodeURIComponent(name)}=${value}` };
}
