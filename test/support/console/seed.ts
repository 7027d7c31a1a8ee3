import type { HttpClient } from '../../../src/client/http.ts';
import type { RunningConsole } from './running.ts';

export const command = 'GetInvoiceImage';
export const nightly = 'nightly-2026-11-26';

/** Integration ids by what their servers do (`customers.ts`). */
const kinds = { acme: 'ok', globex: 'picky', initech: 'flaky', umbrella: 'locked', hooli: 'slow' } as const;
const names: Readonly<Record<keyof typeof kinds, [account: string, name: string]>> = {
  acme: ['acme-corp', 'Acme invoices'],
  globex: ['globex', 'Globex billing'],
  initech: ['initech', 'Initech ERP'],
  umbrella: ['umbrella', 'Umbrella finance'],
  hooli: ['hooli', 'Hooli archive'],
};
export type Seeded = keyof typeof kinds;
export const seeded = Object.keys(kinds) as Seeded[];

const numbers = (count: number) =>
  Array.from({ length: count }, (_, index) => `INV${String(index + 1).padStart(7, '0')}`);

/** An integration with its key and `GetInvoiceImage`, and a command that never waits long between attempts. */
export async function configure({ client, customers }: RunningConsole, id: Seeded): Promise<void> {
  const [account, name] = names[id];
  await client.putIntegration(id, {
    account,
    name,
    type: 'custom',
    variables: { baseUrl: customers.url, companyId: '77' },
    shownSecret: 'apiKey',
  });
  await client.putSecret(id, 'apiKey', `gckQ-${id}-secret-taJ9`);
  await client.putCommand(id, command, {
    request: {
      method: 'POST',
      url: `{{baseUrl}}/${kinds[id]}/{{InvoiceNumber}}`,
      headers: [
        { key: 'Content-Type', value: 'application/json' },
        { key: 'X-Api-Key', value: '{{apiKey}}' },
      ],
      body: '{"company": {{companyId}}, "invoice": "{{InvoiceNumber}}"}',
    },
    accept: { absentStatuses: [404] },
    retry: { attempts: 3, baseMs: 100, maxMs: 500 },
  });
}

/** Hands over a batch of so many invoices. */
export function batchOf(client: HttpClient, integration: Seeded, count: number) {
  const items = numbers(count).map((InvoiceNumber) => ({ tokens: { InvoiceNumber }, reference: InvoiceNumber }));
  return client.enqueueBatch({ integration, command, run: nightly, items });
}

/** A night with a bit of everything: what went well, what failed and why, what waits. */
export async function seed(running: RunningConsole): Promise<void> {
  const { client } = running;
  for (const id of seeded) await configure(running, id);
  await client.putSchedule('acme', 'nightly', {
    command,
    cron: '0 2 * * *',
    timezone: 'America/Chicago',
    spreadSeconds: 900,
    finishWithinSeconds: 18_000,
    items: numbers(5).map((InvoiceNumber) => ({ tokens: { InvoiceNumber } })),
  });
  await client.putSchedule('globex', 'weekly', {
    command,
    cron: '30 3 * * 1',
    timezone: 'Europe/Berlin',
    items: numbers(3).map((InvoiceNumber) => ({ tokens: { InvoiceNumber } })),
  });
  const ended = [await batchOf(client, 'acme', 120), await batchOf(client, 'globex', 60)];
  // Theirs are held: they do not end by themselves.
  for (const id of ['initech', 'umbrella'] as const) await batchOf(client, id, 40);
  const tokens = { InvoiceNumber: 'INV0000001' };
  await client.enqueue({ integration: 'acme', command, tokens, reference: 'INV0000001' }, { waitSeconds: 20 });
  await client.enqueue(
    { integration: 'globex', command, tokens: { InvoiceNumber: 'INV0000013' } },
    { waitSeconds: 20 },
  );
  for (const { id } of ended) await client.waitForBatch(id, { timeoutMs: 60_000 });
}
