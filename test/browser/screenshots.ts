import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from '../support/chromium.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { startConsole } from '../support/console/running.ts';
import { batchOf, command, nightly, seed } from '../support/console/seed.ts';

/**
 * `npm run screenshots`: every page of the console over seeded data, into docs/screenshots. Look at them before they are
 * committed.
 */
const folder = path.resolve(import.meta.dirname, '../../docs/screenshots');
mkdirSync(folder, { recursive: true });
const executablePath = findChromium();
if (executablePath === null) throw new Error('There is no Chromium on this machine: set ERRAND_TEST_CHROMIUM');

const running = await startConsole();
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
try {
  const { client, customers } = running;
  const events = ['integration.held', 'batch.finished', 'schedule.missed', 'audit.broken'] as const;
  await client.createNotificationEndpoint({ name: 'On call', url: `${customers.url}/ok/on-call`, events: [...events] });
  await client.createNotificationEndpoint({
    name: 'Night report',
    url: `${customers.url}/locked/night-report`,
    events: ['batch.finished', 'run.finished'],
  });
  await seed(running);
  const newest = async (query: Parameters<typeof client.listInvocations>[0]) =>
    (await client.listInvocations({ ...query, limit: 1 })).items[0]?.id ?? '';
  customers.slowMs = 1_000;
  const pages: Record<string, string | (() => Promise<string>)> = {
    overview: '/',
    problems: '/problems',
    integrations: '/integrations',
    integration: '/integrations/acme',
    'integration-secrets': '/integrations/acme?tab=secrets',
    'integration-schedules': '/integrations/acme?tab=schedules',
    'new-integration': '/integrations/new',
    'command-editor': `/integrations/acme/commands/${command}`,
    invocations: '/invocations',
    'invocation-pdf': `/invocations/${await newest({ integration: 'acme', status: 'succeeded', lane: 'interactive' })}`,
    'invocation-failed': `/invocations/${await newest({ integration: 'globex', status: 'failed' })}`,
    runs: '/runs',
    run: `/runs/${nightly}`,
    batches: '/batches',
    // One that still runs.
    batch: async () => `/batches/${(await batchOf(client, 'hooli', 120)).id}`,
    schedules: '/schedules',
    notifications: '/notifications',
    deliveries: '/notifications?tab=deliveries',
    'audit-log': '/audit',
    keys: '/keys',
  };
  const { page, close } = await openSignedIn(browser, running.url, running.adminKey, {
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
  });
  for (const [name, at] of Object.entries(pages)) {
    await page.goto(typeof at === 'string' ? at : await at());
    await page.getByRole('heading', { level: 1 }).waitFor();
    // Charts grow, PDFs are drawn: what is shown when all of it has come.
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
    await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' });
    await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
    process.stdout.write(`docs/screenshots/${name}.png\n`);
  }
  await close();
} finally {
  await browser.close();
  await running.stop();
}
