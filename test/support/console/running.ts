import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHttpClient, type HttpClient } from '../../../src/client/http.ts';
import type { Role } from '../../../src/contract/api-key.ts';
import { startErrand } from '../errand.ts';
import { type Customers, startCustomers } from './customers.ts';

/** A whole Errand as somebody tries it first: `errand up` with nothing but what it brings, and customers beside it. */
export type RunningConsole = {
  url: string;
  adminKey: string;
  client: HttpClient;
  customers: Customers;
  keyFor(role: Role, accounts?: string[]): Promise<string>;
  stop(): Promise<void>;
};

export async function startConsole(env: Record<string, string> = {}): Promise<RunningConsole> {
  const directory = await mkdtemp(path.join(tmpdir(), 'errand-console-'));
  const adminKey = randomBytes(24).toString('base64url');
  const customers = await startCustomers();
  const errand = startErrand(['up'], {
    // Itself, which the embedded server's user may enter: below it the cluster would be put elsewhere, and left.
    ERRAND_DATA_DIR: directory,
    ERRAND_ADMIN_KEY: adminKey,
    ERRAND_EGRESS_ALLOW: '127.0.0.1',
    PORT: '0',
    ...env,
  });
  const stop = async () => {
    await errand.kill('SIGTERM');
    await customers.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const url = (await errand.event('ready', ({ role }) => role === 'up')).url as string;
    const client = createHttpClient({ url, apiKey: adminKey });
    return {
      url,
      adminKey,
      client,
      customers,
      keyFor: async (role, accounts) => (await client.createKey({ role, accounts: accounts ?? '*', name: role })).key,
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`errand up did not start: ${errand.output()}`, { cause: error });
  }
}
