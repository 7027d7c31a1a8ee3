import type { HttpClient } from '../../src/client/http.ts';

/** The integration `acme`, whose command asks a server for an invoice by its number and takes whatever it answers. */
export async function configureAcme(
  client: HttpClient,
  baseUrl: string,
  method: 'GET' | 'POST' = 'GET',
): Promise<void> {
  await client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl } });
  await client.putCommand('acme', 'GetInvoiceImage', {
    accept: { contentTypes: ['*/*'] },
    request: { method, url: '{{baseUrl}}/{{InvoiceNumber}}' },
  });
}
