import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, type TestPage } from '../support/browser.ts';
import { expectSoundPages, looks } from '../support/console/looks.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';
import { batchOf, command, nightly, seed } from '../support/console/seed.ts';

/** Of a machine that has other things to do. */
const patience = 240_000;

describe.skipIf(inject('chromium') === null)('a night in the console (contract §3)', { timeout: patience }, () => {
  let errand: RunningConsole;
  let browser: Browser;
  let tab: TestPage;
  let page: Page;

  beforeAll(async () => {
    [errand, browser] = await Promise.all([startConsole(), openBrowser()]);
    await seed(errand);
    tab = await openSignedIn(browser, errand.url, errand.adminKey, { acceptDownloads: true });
    page = tab.page;
    page.setDefaultTimeout(60_000);
  }, 240_000);
  afterAll(async () => {
    await tab?.close();
    await browser?.close();
    await errand?.stop();
  }, patience);

  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const toast = (text: string | RegExp) => page.getByRole('alert').filter({ hasText: text }).last();
  const problemAt = (integration: string) => page.getByRole('article', { name: new RegExp(`^${integration} `) });

  it('is told by the overview: how much, how well, whose work fails, who works', async () => {
    await page.goto('/');
    await page.getByRole('img', { name: /Bar chart\. .* succeeded, .* failed/ }).waitFor();
    await page.getByText('As a table').click();
    await page.getByRole('region', { name: 'Invocations that ended, as a table' }).getByRole('row').nth(1).waitFor();
    await page.getByRole('region', { name: 'Nightly' }).getByText('worker at work').waitFor();
    await page
      .getByRole('region', { name: 'Failing integrations' })
      .getByRole('link', { name: 'globex' })
      .first()
      .waitFor();
    await page.getByRole('progressbar', { name: `Progress of initech ${command}` }).waitFor();
    await page.getByText('7 days', { exact: true }).click();
    await page.waitForURL('**/?range=7d');
    await page
      .getByText(/attempts? in the last 7 days/)
      .first()
      .waitFor();
    await tab.picture('overview');
  });

  it('leads from the overview to a failed invocation in three clicks', async () => {
    await page.goto('/');
    await page.getByRole('link', { name: /open problems/ }).click();
    await problemAt('globex').getByRole('link', { name: 'Sample' }).click();
    await page.waitForURL('**/invocations/*-*');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText('422').first().waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    expect(await errand.client.getInvocation(id)).toMatchObject({ integration: 'globex', status: 'failed' });
  });

  it('says of each problem whose move it is and what mends it, and leads there', async () => {
    await page.goto('/problems');
    const umbrella = problemAt('umbrella');
    await umbrella.getByText('Comes from the credentials').waitFor();
    await umbrella.getByText('Paused by Errand').waitFor();
    expect(await umbrella.getByRole('link', { name: 'Open the secrets' }).getAttribute('href')).toBe(
      '/integrations/umbrella?tab=secrets',
    );
    expect(await problemAt('globex').getByRole('link', { name: 'Open the command' }).getAttribute('href')).toBe(
      `/integrations/globex/commands/${command}`,
    );
    await problemAt('globex').getByRole('link', { name: 'Look at the invocations' }).click();
    await page.waitForURL(
      `**/invocations?integration=globex&command=${command}&code=unexpected-status&side=customer-server&status=failed&range=7d`,
    );
  });

  it('has a problem acknowledged with a note, hidden, and taken back', async () => {
    await page.goto('/problems');
    await problemAt('globex').getByRole('button', { name: 'Acknowledge' }).click();
    const form = dialog(/^Acknowledge: .* globex/);
    await form.getByLabel('Note').fill('x'.repeat(2001));
    await form.getByRole('button', { name: 'Acknowledge' }).click();
    await form.getByText(/2000/).waitFor();
    await form.getByLabel('Note').fill('They mend three invoices by Friday');
    await form.getByRole('button', { name: 'Acknowledge' }).click();
    await problemAt('globex').getByText('They mend three invoices by Friday').waitFor();
    // While it closes, it is what a click meets.
    await form.waitFor({ state: 'detached' });
    await tab.picture('acknowledged');
    await page.getByRole('switch', { name: 'Hide acknowledged' }).click({ force: true });
    await page.waitForURL('**/problems?acknowledged=hidden');
    await problemAt('globex').waitFor({ state: 'detached' });
    await page.getByRole('status').filter({ hasText: '1 acknowledged one hidden' }).waitFor();
    await page.getByRole('switch', { name: 'Hide acknowledged' }).click({ force: true });
    await problemAt('globex').getByRole('button', { name: 'Take back' }).click();
    await problemAt('globex').getByRole('button', { name: 'Acknowledge' }).waitFor();
  });

  it('retries all that failed of a problem, with the count first', async () => {
    await page.goto('/problems');
    const { matched } = await errand.client.redrive({
      integration: 'globex',
      codes: ['unexpected-status'],
      dryRun: true,
    });
    expect(matched).toBeGreaterThan(1);
    await problemAt('globex').getByRole('button', { name: 'Retry all failed' }).click();
    const question = dialog(`Retry all failed of globex ${command}`);
    await question.getByText(`${matched} failed invocations`).waitFor();
    await question.getByText("that come from the customer's server").waitFor();
    await tab.picture('retry-all-failed');
    const { items: before } = await errand.client.listAudit({ action: 'invocations.redriven' });
    expect(before).toEqual([]);
    await question.getByRole('button', { name: `Retry ${matched} invocations` }).click();
    await toast(`${matched} invocations of globex ${command} are being tried again.`).waitFor();
  });

  it('moves the bar of a batch to its end, on the list and on its own page', async () => {
    // Slow until it was seen to move, however slow this machine is itself.
    errand.customers.slowMs = 4_000;
    const { id } = await batchOf(errand.client, 'hooli', 80);
    await page.goto('/batches?integration=hooli');
    await page.getByRole('link', { name: `hooli ${command}` }).click();
    await page.waitForURL(`**/batches/${id}`);
    const bar = page.getByRole('progressbar', { name: 'Progress' });
    await bar.waitFor();
    await page.getByText(/a second, about .* left/).waitFor();
    await tab.picture('batch-running');
    const seen = Number(await bar.getAttribute('aria-valuenow'));
    errand.customers.slowMs = 10;
    await page.getByRole('region', { name: 'Progress' }).getByText('finished').waitFor();
    expect(await bar.getAttribute('aria-valuenow')).toBe('80');
    expect(await bar.getAttribute('aria-valuetext')).toBe('80 of 80 done');
    expect(seen).toBeLessThan(80);
    await page.getByText('Every item has its result.').waitFor();
  });

  it('cancels a batch, and says before what will happen', async () => {
    errand.customers.slowMs = 2_000;
    const { id } = await batchOf(errand.client, 'hooli', 200);
    await page.goto(`/batches/${id}`);
    await page.getByRole('button', { name: 'Cancel the batch' }).click();
    const question = dialog(`Cancel the batch hooli ${command}`);
    await question.getByText(/invocations that have not ended will be cancelled/).waitFor();
    await question.getByRole('button', { name: 'Cancel the batch' }).click();
    await page.getByRole('region', { name: 'Progress' }).getByText('cancelled').first().waitFor();
    await page.getByRole('region', { name: 'Missing items' }).getByRole('row').nth(1).waitFor();
    expect((await errand.client.batch(id)).status).toBe('cancelled');
  });

  it('reports what a batch did not bring, and gives it as a file', async () => {
    const { items } = await errand.client.batches({ integration: 'globex' });
    const [batch] = items;
    await errand.client.waitForBatch(batch?.id ?? '');
    await page.goto(`/batches/${batch?.id}`);
    await page.getByRole('region', { name: 'Failures by code' }).last().getByText('unexpected-status').waitFor();
    await page.getByRole('region', { name: 'Missing items' }).getByRole('link', { name: 'INV0000003' }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`missing-${batch?.id}.csv`);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    expect(lines[0]).toContain('invocation');
    expect(lines).toHaveLength(1 + 12);
  });

  it('shows a run with what failed first, and why the rest waits', async () => {
    await page.goto('/runs');
    await page.getByRole('link', { name: nightly }).click();
    await page.waitForURL(`**/runs/${nightly}`);
    const table = page.getByRole('region', { name: 'By integration' }).last();
    await table
      .getByText(/^Paused by Errand/)
      .first()
      .waitFor();
    const { byIntegration } = await errand.client.run(nightly);
    const [most] = byIntegration.toSorted((one, other) => other.failed - one.failed);
    expect(most?.failed).toBeGreaterThan(0);
    const first = table.getByRole('row').nth(1);
    await first.getByRole('link', { name: most?.integration ?? '', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Retry all failed' }).waitFor();
    await tab.picture('run');
  });

  it('runs a schedule now, and leads to its batch', async () => {
    await page.goto('/schedules');
    const row = page.getByRole('row').filter({ hasText: 'acme nightly' });
    await row.getByText(/At 02:00/).waitFor();
    await row.getByText('America/Chicago').waitFor();
    await row.getByRole('button', { name: 'Run now' }).click();
    await toast('The schedule acme nightly runs now.').waitFor();
    await row.getByRole('link', { name: /running|all succeeded/ }).click();
    await page.waitForURL('**/batches/*-*');
    await page.getByText('nightly', { exact: true }).first().waitFor();
  });

  it('says why a schedule does not run', async () => {
    await errand.client.pauseIntegration('globex');
    await page.goto('/schedules?integration=globex');
    await page.getByRole('button', { name: 'Run now' }).click();
    await toast('The schedule globex weekly runs now.').waitFor();
    await page.getByRole('row').filter({ hasText: 'globex weekly' }).getByText('running').waitFor();
    await page.getByRole('button', { name: 'Run now' }).click();
    await toast('It does not run').waitFor();
    await errand.client.resumeIntegration('globex');
  });

  it('tells in the audit log what was before and after, and that the chain is whole', async () => {
    const { request } = (await errand.client.getCommand('acme', command)) as {
      request: { method: 'POST'; url: string };
    };
    await errand.client.putCommand('acme', command, { request: { ...request, url: `${request.url}?copy=1` } });
    await page.goto('/audit?subject=command:acme/GetInvoiceImage&action=command.saved');
    const log = page.getByRole('list', { name: 'Audit log' });
    await log
      .getByRole('button', { name: /^Details: Command saved/ })
      .first()
      .click();
    const change = log.getByRole('row').filter({ hasText: 'request.url' });
    expect(await change.getByRole('deletion').textContent()).toBe(request.url);
    expect(await change.getByRole('insertion').textContent()).toBe(`${request.url}?copy=1`);
    await tab.picture('audit-change');
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText('The chain is whole').waitFor();
    await page.getByText('Keep the newest seal elsewhere').waitFor();
    await page.getByText('Hold it against a seal that you have kept').click();
    await page.getByLabel('Number of the seal').fill('1');
    await page.getByLabel(/^Its head/).fill('not a head');
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText(/must be 64 hexadecimal digits/).waitFor();
    await tab.picture('audit-chain');
  });

  it('exports the entries that are shown', async () => {
    await page.goto('/audit?action=batch.accepted');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export as NDJSON' }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line).action))).toEqual(new Set(['batch.accepted']));
  });

  it('offers nobody what the role does not allow', async () => {
    const configurer = await openSignedIn(browser, errand.url, await errand.keyFor('configurer'));
    await configurer.page.goto('/');
    await configurer.page.getByRole('region', { name: 'Failing integrations' }).getByText('globex').waitFor();
    expect(await configurer.page.getByRole('heading', { name: 'Running batches' }).count()).toBe(0);
    expect(await configurer.page.getByRole('link', { name: /: invocations of/ }).count()).toBe(0);
    await configurer.page.goto('/problems');
    await configurer.page.getByText('Your role does not allow').waitFor();
    await configurer.page.goto('/audit');
    await configurer.page.getByText('Your role does not allow').waitFor();
    expect([configurer.elsewhere(), configurer.complaints()]).toEqual([[], []]);
    await configurer.close();
    const producer = await openSignedIn(browser, errand.url, await errand.keyFor('producer'));
    const { items } = await errand.client.batches({ integration: 'globex' });
    await producer.page.goto(`/batches/${items[0]?.id}`);
    await producer.page
      .getByText(/finished/)
      .first()
      .waitFor();
    expect(await producer.page.getByRole('button', { name: 'Retry all failed' }).count()).toBe(0);
    await producer.close();
    const ofOne = await openSignedIn(browser, errand.url, await errand.keyFor('operator', ['acme-corp']));
    await ofOne.page.goto('/audit');
    await ofOne.page.getByRole('list', { name: 'Audit log' }).waitFor();
    expect(await ofOne.page.getByRole('button', { name: 'Check the chain' }).count()).toBe(0);
    await ofOne.page.goto(`/batches/${items[0]?.id}`);
    await ofOne.page.getByText(/There is no batch/).waitFor();
    await ofOne.close();
  });

  it.each(looks)('hinders nobody, on $name', async (look) => {
    const { items } = await errand.client.batches({ integration: 'globex' });
    const paths = [
      '/',
      '/problems',
      '/runs',
      `/runs/${nightly}`,
      '/batches',
      `/batches/${items[0]?.id}`,
      '/schedules',
      '/audit',
    ];
    await expectSoundPages({ browser, url: errand.url, key: errand.adminKey, look, paths });
  });

  it('asks no other host for anything, and breaks no rule of its own', () => {
    expect(tab.elsewhere()).toEqual([]);
    expect(tab.complaints().filter((text) => !/status of (?:409|422)/.test(text))).toEqual([]);
  });
});
