import type { HttpClient } from '../../src/client/http.ts';
import type { Auth } from '../../src/contract/authentication.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import { deploy } from './deployment.ts';
import { type Endpoint, type LoggedRequest, startEndpoint } from './endpoints/endpoint.ts';
import { startTokenEndpoint, type TokenEndpoint } from './endpoints/token-endpoint.ts';
import { type AvailableBackend, queueBackends } from './queues.ts';

/** What the integration `acme` may authenticate with, by the names of its secrets. */
export const secrets = {
  password: 'p:ss wörd & more',
  apiKey: 'gckQ-a-real-key-taJ9',
  hmacKey: 'a shared key for signatures',
  webhookSecret: `whsec_${Buffer.from('thirty-two bytes of a shared key').toString('base64')}`,
  clientSecret: 'the client’s own secret',
};

/** Errand with the integration `acme`, and a server that takes what it is told to demand. */
export type Authenticating = {
  client: HttpClient;
  endpoint: Endpoint;
  tokens: TokenEndpoint;
  demand(demands: (request: LoggedRequest) => boolean): void;
  use(auth: Auth | null): Promise<unknown>;
  invoke(): Promise<Invocation>;
  /** Everything that people can see of it. */
  shown(invocation: Invocation): Promise<string>;
  lastRequest(): LoggedRequest;
  /** Before each test. */
  reset(): Promise<void>;
  stop(): Promise<void>;
};

export async function startAuthenticating(): Promise<Authenticating> {
  const errand = await deploy(queueBackends()[0] as AvailableBackend, { ERRAND_EGRESS_ALLOW: '127.0.0.1,localhost' });
  const { client } = errand;
  let demands: (request: LoggedRequest) => boolean = () => true;
  const endpoint = await startEndpoint((request, response) => {
    // It says back what it was told, as some do.
    const said = JSON.stringify({ url: request.url, headers: request.headers });
    response.writeHead(demands(request) ? 200 : 401, { 'content-type': 'text/plain', 'x-said': 'yes' }).end(said);
  });
  const tokens = await startTokenEndpoint(secrets.clientSecret);
  await errand.worker('interactive');
  await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { clientId: 'client' } });
  for (const [name, value] of Object.entries(secrets)) await client.putSecret('acme', name, value);
  await client.putCommand('acme', 'GetInvoiceImage', {
    request: {
      method: 'POST',
      url: `${endpoint.url}/invoices/{{InvoiceNumber}}`,
      headers: [{ key: 'Content-Type', value: 'application/json' }],
      body: '{"invoice": "{{InvoiceNumber}}"}',
    },
    accept: { contentTypes: ['*/*'] },
    retry: { attempts: 1 },
  });
  return {
    client,
    endpoint,
    tokens,
    demand: (given) => {
      demands = given;
    },
    use: (auth) => client.patchIntegration('acme', { auth }),
    invoke: () =>
      client.enqueue(
        { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: `INV ${Math.random()}` } },
        { waitSeconds: 30 },
      ),
    shown: async ({ id }) => JSON.stringify(await client.getInvocation(id)),
    lastRequest: () => endpoint.requests.at(-1) as LoggedRequest,
    async reset() {
      demands = () => true;
      endpoint.requests.length = 0;
      tokens.requests.length = 0;
      tokens.insteadOf.answer = null;
      // A row of refusals would hold it.
      await client.pauseIntegration('acme');
      await client.resumeIntegration('acme');
    },
    async stop() {
      await errand.stop();
      await Promise.all([endpoint.close(), tokens.close()]);
    },
  };
}
