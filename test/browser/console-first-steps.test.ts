import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { expectSoundPages, looks } from '../support/console/looks.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';

describe.skipIf(inject('chromium') === null)('contract §3: the first integration', { timeout: 180_000 }, () => {
  let running: RunningConsole;
  let browser: Browser;
  beforeAll(async () => {
    [running, browser] = await Promise.all([startConsole(), openBrowser()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });

  it.each(looks)('begins on a page that hinders nobody: $name', async (look) => {
    await expectSoundPages({ browser, url: running.url, key: running.adminKey, look, paths: ['/integrations'] });
  });

  it('is not offered to those who may not make one', async () => {
    const { page, close } = await openSignedIn(browser, running.url, await running.keyFor('operator'));
    await page.goto('/integrations');
    await page.getByText('No integrations yet').waitFor();
    expect(await page.getByText('in five steps').count()).toBe(0);
    await close();
  });

  it('is walked through, each step ticked when it is done', async () => {
    const { page, elsewhere, complaints, close } = await openSignedIn(browser, running.url, running.adminKey);
    await page.goto('/integrations');
    const steps = page.getByRole('region', { name: 'Your first integration' });
    await steps.getByRole('link', { name: 'Create it' }).click();
    await page.getByLabel('Name', { exact: false }).first().fill('Acme invoices');
    await page.getByRole('button', { name: 'Add integration' }).click();
    await page.waitForURL('**/integrations/acme-invoices');

    await steps.getByText('1. Create the integration (done)').waitFor();
    await steps.getByRole('link', { name: 'Save a secret' }).click();
    const form = page.getByRole('dialog', { name: 'Add secret' });
    await form.getByLabel('Name').fill('apiKey');
    await form.getByLabel('Value', { exact: false }).first().fill('gckQ-a-secret-taJ9');
    await form.getByRole('button', { name: 'Save secret' }).click();

    await steps.getByText('2. Save its secret (done)').waitFor();
    const href = await steps.getByRole('link', { name: 'Configure it' }).getAttribute('href');
    expect(href).toBe('/integrations/acme-invoices/commands/GetInvoiceImage');
    const url = `${running.customers.url}/ok/{{InvoiceNumber}}`;
    await running.client.putCommand('acme-invoices', 'GetInvoiceImage', { request: { method: 'GET', url } });

    await steps.getByText('3. Configure GetInvoiceImage (done)').waitFor();
    await steps.getByRole('link', { name: 'Send a test' }).waitFor();
    await running.client.testCommand('acme-invoices', 'GetInvoiceImage', { tokens: { InvoiceNumber: 'INV1' } });

    await steps.getByText('4. Send a test (done)').waitFor();
    await steps.getByLabel('InvoiceNumber').fill('INV0000001');
    await steps.getByRole('button', { name: 'Invoke' }).click();
    await steps.getByText('5. Invoke it (done)').waitFor();
    await steps.getByText('It works').waitFor();
    await steps.getByRole('button', { name: 'Close' }).click();
    await steps.waitFor({ state: 'detached' });
    expect(elsewhere()).toEqual([]);
    // It was asked whether the id is taken.
    expect(complaints().filter((text) => !/status of 404/.test(text))).toEqual([]);
    await close();
  });
});
