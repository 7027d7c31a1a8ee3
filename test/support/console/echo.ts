import { type Endpoint, startEndpoint } from '../endpoints/endpoint.ts';
import type { RunningConsole } from './running.ts';
import { command } from './seed.ts';

/** A server that refuses everything, and says in header and body which key it was shown. */
export function startEchoing(): Promise<Endpoint> {
  return startEndpoint(({ header }, response) => {
    const key = header('x-api-key') ?? '';
    response.writeHead(422, { 'content-type': 'application/json', 'x-echo': key }).end(JSON.stringify({ key }));
  });
}

/** The integration `echo`, which sends this secret there in URL, header and body. */
export async function configureEcho({ client }: RunningConsole, { url }: Endpoint, secret: string): Promise<void> {
  await client.putIntegration('echo', { name: 'Echo', type: 'custom', variables: { baseUrl: url } });
  await client.putSecret('echo', 'apiKey', secret);
  await client.putCommand('echo', command, {
    request: {
      method: 'POST',
      url: '{{baseUrl}}/{{InvoiceNumber}}?key={{apiKey}}',
      headers: [
        { key: 'X-Api-Key', value: '{{apiKey}}' },
        { key: 'Content-Type', value: 'text/plain' },
      ],
      body: `it's {{apiKey}}`,
    },
  });
}
