import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Auth, Tls } from '../../src/contract/authentication.ts';
import { type Canary, createCanary, createPlainCanary, keyCanary } from './canary.ts';
import { createCertificateAuthority } from './endpoints/certificates.ts';
import { startEcho } from './endpoints/echo.ts';
import type { Endpoint, EndpointOptions, LoggedRequest } from './endpoints/endpoint.ts';
import { startTokenEndpoint, type TokenEndpoint } from './endpoints/token-endpoint.ts';

/** A way to authenticate, and a server that tells what it knows of its secrets to whoever asks. */
export type CanaryKind = {
  name: string;
  auth: Auth;
  tls?: Tls;
  /** By the names that `auth` and `tls` have for them. */
  secrets: Readonly<Record<string, Canary>>;
  endpoint: Endpoint;
  /** Does a request show that the secrets were used for it? */
  shows(request: LoggedRequest): boolean;
};

export type CanaryKinds = {
  kinds: readonly CanaryKind[];
  /** Access tokens that were given out. */
  issued: readonly Canary[];
  tokens: TokenEndpoint;
  close(): Promise<void>;
};

type Plan = Omit<CanaryKind, 'endpoint' | 'secrets'> & { secret: Canary; more?: Record<string, Canary> };

const bearerOf = (request: LoggedRequest) => request.header('authorization')?.replace(/^Bearer /, '');

/** In each the secret is named `secret`. */
function plansOf(issued: readonly Canary[], tokenUrl: string, clientSecret: Canary): Plan[] {
  const basic = createCanary('the Basic password');
  const bearer = createCanary('the bearer token');
  const inHeader = createCanary('the API key in a header');
  const inQuery = createCanary('the API key in the query');
  const hmac = createCanary('the HMAC key');
  const webhook = createPlainCanary('the Standard Webhooks secret', 'whsec_');
  const secret = '{{secret}}';
  return [
    {
      name: 'basic',
      secret: basic,
      auth: { type: 'basic', username: 'client', password: secret },
      shows: (request) =>
        request.header('authorization') === `Basic ${Buffer.from(`client:${basic.value}`).toString('base64')}`,
    },
    {
      name: 'bearer',
      secret: bearer,
      auth: { type: 'bearer', token: secret },
      shows: (request) => bearerOf(request) === bearer.value,
    },
    {
      name: 'header-key',
      secret: inHeader,
      auth: { type: 'api-key', in: 'header', name: 'X-Api-Key', value: secret },
      shows: (request) => request.header('x-api-key') === inHeader.value,
    },
    {
      name: 'query-key',
      secret: inQuery,
      auth: { type: 'api-key', in: 'query', name: 'key', value: secret },
      shows: ({ url }) => new URL(url, 'http://x').searchParams.get('key') === inQuery.value,
    },
    {
      name: 'hmac',
      secret: hmac,
      auth: { type: 'hmac', secret, header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' },
      shows: (request) =>
        request.header('x-signature') === createHmac('sha256', hmac.value).update(request.body).digest('hex'),
    },
    {
      name: 'webhooks',
      secret: webhook,
      auth: { type: 'standard-webhooks', secret },
      shows: ({ headers, body }) => {
        const received = Object.fromEntries(headers.map(({ key, value }) => [key, value]));
        return new Webhook(webhook.value).verify(body.toString(), received) !== null;
      },
    },
    {
      name: 'oauth',
      secret: clientSecret,
      auth: { type: 'oauth2-client-credentials', tokenUrl, clientId: 'client', clientSecret: secret },
      shows: (request) => issued.some(({ value }) => value === bearerOf(request)),
    },
  ];
}

/** A client certificate, and a bearer token that the server can tell. */
function certified(): { plan: Plan; options: EndpointOptions } {
  const ca = createCertificateAuthority();
  const client = ca.issue('errand');
  const token = createCanary('the bearer token over TLS');
  const plan: Plan = {
    name: 'certificate',
    secret: token,
    more: { clientKey: keyCanary('the private key', client.key) },
    auth: { type: 'bearer', token: '{{secret}}' },
    tls: { ca: ca.cert, certificate: client.cert, key: '{{clientKey}}' },
    shows: (request) => request.certificateOf === 'errand' && bearerOf(request) === token.value,
  };
  return { plan, options: { tls: { ...ca.issue('localhost'), ca: ca.cert } } };
}

/** Every way to authenticate, each with secrets of its own. */
export async function startCanaryKinds(control: string): Promise<CanaryKinds> {
  const issued: Canary[] = [];
  const clientSecret = createCanary('the client secret');
  const tokens = await startTokenEndpoint(clientSecret.value, () => {
    const token = createPlainCanary(`access token ${issued.length + 1}`);
    issued.push(token);
    return token.value;
  });

  async function start({ secret, more = {}, ...plan }: Plan, options: EndpointOptions = {}): Promise<CanaryKind> {
    const received = new Map<string, Set<string | undefined>>();
    // Of access tokens it tells those that came with the request, and with what it refused of the same attempt before.
    const knows = (request: LoggedRequest) => {
      const id = request.header('idempotency-key') ?? '';
      const tokensOf = (received.get(id) ?? new Set()).add(bearerOf(request));
      received.set(id, tokensOf);
      return [...issued.filter(({ value }) => tokensOf.has(value)), secret];
    };
    return { ...plan, secrets: { secret, ...more }, endpoint: await startEcho(knows, control, options) };
  }

  const tls = certified();
  const kinds = await Promise.all([
    ...plansOf(issued, `${tokens.url}/token`, clientSecret).map((plan) => start(plan)),
    start(tls.plan, tls.options),
  ]);
  return {
    kinds,
    issued,
    tokens,
    close: async () => {
      await Promise.all([tokens.close(), ...kinds.map(({ endpoint }) => endpoint.close())]);
    },
  };
}
