import { writeFile } from 'node:fs/promises';
import type { HttpClient } from '../client/http.ts';
import type { Invocation } from '../contract/invocation.ts';
import { type DemoEndpoint, flakyAnswers, startDemoEndpoint } from './demo-endpoint.ts';

const integration = 'demo';
const command = 'GetInvoiceImage';
const invoices = { good: 'INV0000001', flaky: 'INV0000002', missing: 'INV0000404' };

/** For how long the demo waits for each of its invocations. */
const patienceMs = 60_000;

export type Say = (line: string) => void;

/**
 * The main job, for real: a stand-in customer's endpoint on loopback, an integration with a command, three invocations.
 * Everything goes through the HTTP API, as a billing system's own code would.
 */
export async function runDemo(client: HttpClient, say: Say): Promise<{ endpoint: DemoEndpoint }> {
  const endpoint = await startDemoEndpoint(invoices);
  try {
    say(`A stand-in customer's invoice endpoint listens on ${endpoint.url}`);
    await configure(client, endpoint.url);
    say(`Configured the custom integration "${integration}" with ${command}; Last Sync: Never`);
    const accepted = [];
    for (const number of Object.values(invoices)) accepted.push(await enqueue(client, number, say));
    for (const invocation of accepted) report(await client.wait(invocation.id, { timeoutMs: patienceMs }), say);
    await savePdf(client, accepted[0] as Invocation, say);
    const { lastSyncAt } = await client.getIntegration(integration);
    if (lastSyncAt === null) throw new Error('Last Sync did not move');
    say(`Last Sync: ${lastSyncAt}`);
    return { endpoint };
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}

async function configure(client: HttpClient, url: string): Promise<void> {
  await client.putIntegration(integration, {
    name: 'Demo: Acme invoices',
    type: 'custom',
    variables: { baseUrl: url, companyId: '77' },
  });
  await client.putSecret(integration, 'apiKey', 'gckQ-demo-secret-taJ9');
  await client.putCommand(integration, command, {
    request: {
      method: 'POST',
      url: '{{baseUrl}}/invoices/{{InvoiceNumber}}',
      headers: [
        { key: 'Content-Type', value: 'application/json' },
        { key: 'X-Api-Key', value: '{{apiKey}}' },
      ],
      body: '{"company": {{companyId}}, "invoice": "{{InvoiceNumber}}"}',
    },
    accept: { contentTypes: ['application/pdf'] },
    retry: { attempts: flakyAnswers + 1, baseMs: 500, maxMs: 2_000 },
  });
}

async function enqueue(client: HttpClient, number: string, say: Say): Promise<Invocation> {
  const invocation = await client.enqueue({
    integration,
    command,
    tokens: { InvoiceNumber: number },
    reference: number,
  });
  say(`Enqueued ${number} as invocation ${invocation.id}`);
  return invocation;
}

function report({ reference, status, attempts, result, error }: Invocation, say: Say): void {
  say(`${reference}: ${status}`);
  for (const attempt of attempts) {
    const answer = attempt.status === null ? (attempt.error?.code ?? attempt.outcome) : `HTTP ${attempt.status}`;
    say(`  attempt ${attempt.number}: ${answer} after ${attempt.durationMs} ms, ${attempt.outcome}`);
  }
  if (result !== null)
    say(`  result: ${result.contentType}, ${result.bytes} bytes, SHA-256 ${result.sha256.slice(0, 16)}…`);
  if (error !== null) say(`  ${error.code} (${error.side}): ${error.message}`);
}

async function savePdf(client: HttpClient, { id }: Invocation, say: Say): Promise<void> {
  const { bytes } = await client.result(id);
  const file = `invoice-${invoices.good}.pdf`;
  await writeFile(file, bytes);
  say(`Saved the PDF as ${file} (${bytes.byteLength} bytes)`);
}
