import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHttpClient } from '../../../../src/client/http.ts';
import { runErrand } from '../../../support/errand.ts';
import { adminKey, startApi } from '../../api/support/start-api.ts';

export const apiKeyValue = 'gckQ-a-long-enough-secret-taJ9';

export const acme = `
integrations:
  acme:
    name: Acme invoices
    variables: { baseUrl: "https://acme.example", companyId: "77" }
    limits: { concurrency: 4 }
    secrets:
      apiKey: { env: ACME_API_KEY, allowedHosts: [acme.example] }
    commands:
      GetInvoiceImage:
        request:
          method: POST
          url: "{{baseUrl}}/invoices/{{InvoiceNumber}}"
          headers:
            - { key: Authorization, value: "Bearer {{apiKey}}" }
            - { key: Content-Type, value: application/json }
          body: |
            {
              "number": "{{InvoiceNumber}}",
              "company": "{{companyId}}"
            }
    schedules:
      nightly:
        command: GetInvoiceImage
        cron: "0 2 * * *"
        items: [{ tokens: { InvoiceNumber: INV1 } }]
`;

export const noChanges = { code: 0, stdout: 'No changes: it is all as the files have it.\n', stderr: '' };

export type Applying = Awaited<ReturnType<typeof startApplying>>;

/** The API, and a directory of files that are applied to it. */
export async function startApplying() {
  const running = await startApi();
  const client = createHttpClient({ url: running.url, apiKey: adminKey });
  const directory = await mkdtemp(path.join(tmpdir(), 'errand-apply-'));
  const env: Record<string, string> = {};
  return {
    running,
    client,
    directory,
    env,
    /** No integrations, no files, the environment as it was. */
    async reset(): Promise<void> {
      for (const { id } of (await client.listIntegrations({ limit: 200 })).items) await client.deleteIntegration(id);
      await rm(directory, { recursive: true });
      await mkdir(directory);
      Object.assign(env, { ERRAND_URL: running.url, ERRAND_API_KEY: adminKey, ACME_API_KEY: apiKeyValue });
    },
    async write(name: string, text: string): Promise<void> {
      const file = path.join(directory, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    },
    async apply(...args: string[]) {
      const { code, stdout, stderr } = await runErrand(['apply', '-f', directory, ...args], env, directory);
      return { code, stdout: stdout.toString(), stderr };
    },
    async stop(): Promise<void> {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
