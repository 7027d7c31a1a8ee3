import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AuditEntry } from '../../src/contract/audit.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import { openBrowser, type TestPage } from '../support/browser.ts';
import { seriousFindings } from '../support/console/axe.ts';
import { configureEcho, startEchoing } from '../support/console/echo.ts';
import { ink } from '../support/console/ink.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';
import { command, configure } from '../support/console/seed.ts';
import type { Endpoint } from '../support/endpoints/endpoint.ts';

const canary = 'canary-5up3r-53cr3t-9f8e7d';
/** Of a machine that has other things to do. */
const patience = 120_000;

describe.skipIf(inject('chromium') === null)('invocations in the console (contract §3)', { timeout: patience }, () => {
  let errand: RunningConsole;
  let echoing: Endpoint;
  let browser: Browser;
  let tab: TestPage;
  let page: Page;

  const invoke = (integration: string, InvoiceNumber: string) =>
    errand.client.enqueue({ integration, command, tokens: { InvoiceNumber } }, { waitSeconds: 30 });

  beforeAll(async () => {
    echoing = await startEchoing();
    [errand, browser] = await Promise.all([startConsole(), openBrowser()]);
    for (const id of ['acme', 'globex'] as const) await configure(errand, id);
    await configureEcho(errand, echoing, canary);
    tab = await openSignedIn(browser, errand.url, errand.adminKey, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page = tab.page;
    page.setDefaultTimeout(60_000);
  }, 240_000);
  afterAll(async () => {
    await tab?.close();
    await browser?.close();
    await errand?.stop();
    await echoing?.close();
  }, patience);

  const rowOf = (text: string) => page.getByRole('row').filter({ hasText: text });
  const toast = (text: string | RegExp) => page.getByRole('alert').filter({ hasText: text }).last().waitFor();

  it('invoke a command from the page, and show the PDF that came', async () => {
    await page.goto('/invocations');
    await page.getByText('Nothing has been invoked yet').waitFor();
    await page.getByRole('button', { name: 'Invoke' }).click();
    const form = page.getByRole('dialog', { name: 'Invoke a command' });
    await form.getByRole('combobox', { name: 'Integration' }).fill('acme');
    await form.getByRole('combobox', { name: 'Command' }).fill(command);
    await form.getByLabel('InvoiceNumber').waitFor();
    await form.getByRole('button', { name: /^Send/ }).click();
    await form.getByText('{{InvoiceNumber}} needs a value').waitFor();
    await tab.picture('invoke');
    expect(await seriousFindings(page)).toEqual([]);
    await form.getByLabel('InvoiceNumber').fill('INV0000001');
    await form.getByRole('button', { name: /^Send/ }).click();
    await page.waitForURL('**/invocations/*-*');
    await page.getByRole('status').filter({ hasText: 'succeeded' }).waitFor();
    const pdf = page.getByRole('region', { name: 'Page 1 of 1' });
    await pdf.getByText('Total due: 12.50 USD').waitFor();
    await pdf.locator('canvas[data-drawn=true]').waitFor();
    expect(await ink(pdf.locator('canvas'))).toBeGreaterThan(100);
    await page.getByText('Waiting for the first byte').first().waitFor();
    await page.getByText('application/pdf').first().waitFor();
    await tab.picture('invocation-pdf');
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('give the result to those who download it', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^GetInvoiceImage-.*\.pdf$/);
    expect((await readFile(await download.path())).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('say at the fields of the form what is wrong', async () => {
    await page.goto('/invocations');
    await page.getByRole('button', { name: 'Invoke' }).click();
    const form = page.getByRole('dialog', { name: 'Invoke a command' });
    await form.getByRole('combobox', { name: 'Integration' }).fill('Not A Slug');
    await form.getByRole('combobox', { name: 'Command' }).fill(command);
    await form.getByLabel('InvoiceNumber').fill('INV1');
    await form.getByRole('button', { name: /^Send/ }).click();
    await form.getByText('must be a slug').waitFor();
  });

  it('find a failed one by filters that are in the URL, and say whose move it is', async () => {
    for (const number of ['INV0000013', 'INV0000023', 'INV0000027']) await invoke('globex', number);
    await page.goto('/invocations');
    await page.getByRole('combobox', { name: 'Integration' }).fill('globex');
    await page.getByRole('combobox', { name: 'Status', exact: true }).click();
    await page.getByRole('option', { name: 'failed' }).click();
    await page.getByRole('combobox', { name: 'What went wrong' }).fill('unexpected-status');
    await page.getByRole('option', { name: /unexpected-status/ }).click();
    await page.waitForURL('**/invocations?*code=unexpected-status*');
    await page.getByLabel('Find').fill('inv000001');
    await page.waitForURL('**/invocations?*q=inv000001*');
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      integration: 'globex',
      status: 'failed',
      code: 'unexpected-status',
      q: 'inv000001',
    });
    await page.reload();
    const row = rowOf('INV0000013');
    await row.getByText("the customer's server").waitFor();
    await row.getByText('Customer waiting').waitFor();
    await tab.picture('invocations-filtered');
    expect(await seriousFindings(page)).toEqual([]);
    await row.getByRole('link', { name: 'INV0000013' }).click();
    await page.getByRole('alert').filter({ hasText: 'Answered with an error' }).waitFor();
    await page.getByText('Read the kept answer').waitFor();
    await page.getByText('{"error":"invoice INV0000013 has no customer"}').waitFor();
    const sent = page.getByRole('region', { name: 'Body sent' });
    expect(await sent.textContent()).toBe('{"company": 77, "invoice": "INV0000013"}');
    expect(await page.getByRole('link', { name: `${command}, version 1` }).getAttribute('href')).toContain(
      `/integrations/globex/commands/${command}`,
    );
  });

  it('retry one, which goes on by itself', async () => {
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('heading', { name: /^Attempt 2: answered 422/ }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('forget what was just typed when the filters are cleared', async () => {
    await page.goto('/invocations?integration=globex');
    const find = page.getByLabel('Find');
    await find.fill('INV');
    await page.getByRole('button', { name: 'Clear all filters' }).click();
    await page.waitForURL((url) => url.search === '');
    expect(await find.inputValue()).toBe('');
    // Whatever is typed next is committed after what was typed before would have been.
    await find.fill('INV0000023');
    await page.waitForURL((url) => url.searchParams.get('q') === 'INV0000023');
    expect(await find.inputValue()).toBe('INV0000023');
  });

  it('say what the API does not take at the filter', async () => {
    await page.goto('/invocations?batch=nonsense');
    const batch = page.getByLabel('Batch', { exact: true });
    await expect.poll(() => batch.getAttribute('aria-invalid')).toBe('true');
    await page.getByText('New ones are paused').waitFor();
  });

  it('retry those that are selected, and stand still meanwhile', async () => {
    await page.goto('/invocations?integration=globex&status=failed');
    await page.getByText('Live: new ones come in by themselves').waitFor();
    await page.getByRole('checkbox', { name: 'Select INV0000023' }).check();
    await page.getByRole('checkbox', { name: 'Select INV0000027' }).check();
    await page.getByText('New ones are paused: you are selecting.').waitFor();
    await tab.picture('invocations-selected');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Retry 2' }).click();
    const ask = page.getByRole('dialog', { name: 'Retry 2 invocations' });
    await ask.getByRole('button', { name: 'Retry them' }).click();
    await toast('2 invocations will be tried again.');
    await expect.poll(() => rowOf('INV0000023').getByRole('cell').nth(7).textContent(), { timeout: 60_000 }).toBe('2');
    await page.getByText('Live: new ones come in by themselves').waitFor();
  });

  it('retry all that have failed and fit the filters, after asking with the count', async () => {
    await page.goto('/invocations?integration=globex&code=unexpected-status&range=24h');
    await page.getByRole('button', { name: 'Retry all failed' }).click();
    const ask = page.getByRole('dialog', { name: 'Retry all failed of this list' });
    await ask.getByText('2 failed invocations of this list').waitFor();
    await ask.getByText('of the integration globex').waitFor();
    await tab.picture('retry-all');
    await ask.getByRole('button', { name: 'Retry 2 invocations' }).click();
    await toast('2 invocations of this list are being tried again.');
    await page.goto('/invocations?integration=globex&q=INV');
    const button = page.getByRole('button', { name: 'Retry all failed' });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    expect(await button.getAttribute('aria-description')).toContain('cannot be narrowed by text');
  });

  it('come in by themselves, and are cancelled when a person asks for it', async () => {
    await errand.client.pauseIntegration('acme');
    await page.goto('/invocations?integration=acme&status=queued');
    await page.getByText('No invocation fits these filters').waitFor();
    for (const number of ['INV0000101', 'INV0000102', 'INV0000103']) {
      await errand.client.enqueue({ integration: 'acme', command, tokens: { InvoiceNumber: number }, lane: 'batch' });
    }
    await rowOf('INV0000103').waitFor();
    await rowOf('INV0000101').waitFor();
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
    await page.getByRole('button', { name: 'Cancel 3' }).click();
    const ask = page.getByRole('dialog', { name: 'Cancel 3 invocations' });
    await ask.getByRole('button', { name: 'Cancel 3 invocations' }).click();
    await toast('3 of 3 cancelled.');
    await page.getByText('No invocation fits these filters').waitFor();
    await errand.client.resumeIntegration('acme');
  });

  it('become a curl command without secrets', async () => {
    const { id } = await invoke('echo', "O'Neil");
    await page.goto(`/invocations/${id}`);
    await page.getByRole('button', { name: 'As curl' }).click();
    const curl = page.getByRole('region', { name: 'As a curl command' });
    await curl.getByText("it'\\''s").waitFor();
    // It says so for a second only.
    await Promise.all([
      page.getByRole('button', { name: 'Copied' }).waitFor(),
      page.getByRole('button', { name: 'Copy', exact: true }).click(),
    ]);
    // biome-ignore lint/suspicious/noExplicitAny: of the browser
    const copied: string = await page.evaluate(() => (globalThis as any).navigator.clipboard.readText());
    expect(copied).toBe(await curl.textContent());
    expect(copied).toMatch(/^curl .*\/O%27Neil\?key='"\$API_KEY"/);
    expect(copied).toMatch(/-H 'X-Api-Key: '"\$API_KEY"/);
    expect(await page.content()).not.toContain(canary);
    await tab.picture('curl');
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('are given as evidence, without secrets', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Evidence' }).click(),
    ]);
    const id = page.url().split('/').at(-1);
    expect(download.suggestedFilename()).toBe(`errand-evidence-${id}.json`);
    const text = await readFile(await download.path(), 'utf8');
    const evidence = JSON.parse(text) as { invocation: Invocation; audit: AuditEntry[] };
    expect(evidence.invocation).toMatchObject({ id, status: 'failed', attempts: [{ number: 1, status: 422 }] });
    expect(evidence.audit.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['invocation.accepted', 'invocation.failed']),
    );
    expect(echoing.requests.at(-1)?.header('x-api-key')).toBe(canary);
    for (const secret of [canary, encodeURIComponent(canary), btoa(canary)]) expect(text).not.toContain(secret);
  });

  it('show a page that came as a result as the text that it is', async () => {
    await errand.client.putCommand('acme', command, {
      request: { method: 'GET', url: '{{baseUrl}}/login/{{InvoiceNumber}}' },
      accept: { contentTypes: ['*/*'] },
    });
    const { id } = await invoke('acme', 'INV0000009');
    await page.goto(`/invocations/${id}`);
    const text = page.getByRole('region', { name: 'The result as text' });
    expect(await text.textContent()).toBe('<h1>Please log in</h1>');
    expect(await page.getByRole('heading', { name: 'Please log in' }).count()).toBe(0);
  });

  it('say that there is none', async () => {
    await page.goto('/invocations/00000000-0000-7000-8000-000000000000');
    await page.getByRole('alert').filter({ hasText: 'There is no invocation' }).waitFor();
  });

  it('are no wider than a telephone, and as readable in the dark', async () => {
    const options = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' as const };
    const small = await openSignedIn(browser, errand.url, errand.adminKey, options);
    small.page.setDefaultTimeout(60_000);
    const fits = () => small.page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth);
    await small.page.goto('/invocations');
    const card = small.page.getByRole('listitem').filter({ hasText: 'INV0000013' });
    await card.waitFor();
    expect(await fits()).toBe(true);
    expect(await seriousFindings(small.page)).toEqual([]);
    await small.picture('invocations-telephone');
    await card.getByRole('link', { name: 'INV0000013' }).click();
    await small.page.getByText('Read the kept answer').waitFor();
    expect(await fits()).toBe(true);
    expect(await seriousFindings(small.page)).toEqual([]);
    await small.picture('invocation-telephone');
    expect(small.elsewhere()).toEqual([]);
    expect(small.complaints()).toEqual([]);
    await small.close();
  });

  it('offer to each role what it may do', async () => {
    const producer = await openSignedIn(browser, errand.url, await errand.keyFor('producer'));
    producer.page.setDefaultTimeout(60_000);
    await producer.page.goto('/invocations');
    await producer.page.getByRole('link', { name: 'INV0000013' }).click();
    await producer.page.getByText('Read the kept answer').waitFor();
    for (const name of ['Retry', 'Cancel', 'Evidence']) {
      expect(await producer.page.getByRole('button', { name, exact: true }).count()).toBe(0);
    }
    await producer.page.goBack();
    await producer.page.getByRole('button', { name: 'Invoke' }).waitFor();
    expect(await producer.page.getByRole('checkbox').count()).toBe(0);
    expect(await producer.page.getByRole('button', { name: 'Retry all failed' }).count()).toBe(0);
    expect(producer.complaints()).toEqual([]);
    await producer.close();
    const operator = await openSignedIn(browser, errand.url, await errand.keyFor('operator'));
    await operator.page.goto('/invocations');
    await operator.page.getByRole('button', { name: 'Retry all failed' }).waitFor();
    expect(await operator.page.getByRole('button', { name: 'Invoke' }).count()).toBe(0);
    await operator.close();
  });

  it('ask no other host for anything, and break no rule of the page', () => {
    expect(tab.elsewhere()).toEqual([]);
    expect(tab.complaints().filter((text) => !/\b(?:404|422)\b/.test(text))).toEqual([]);
  });
});
