import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, openPage, type TestPage } from '../support/browser.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { queueBackends } from '../support/queues.ts';

describe.skipIf(inject('chromium') === null).each(queueBackends())('the board in a browser, on $name', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let browser: Browser;
  let tab: TestPage;
  let failed: string;

  beforeAll(async () => {
    endpoint = await startEndpoint((request, response) => {
      response.writeHead(request.url === '/GONE' ? 410 : 200, { 'content-type': 'text/plain' }).end('an invoice');
    });
    [errand, browser] = await Promise.all([deploy(backend), openBrowser()]);
    await errand.worker('batch');
    await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom', variables: { baseUrl: endpoint.url } });
    await errand.client.putCommand('acme', 'GetInvoiceImage', {
      accept: { contentTypes: ['*/*'] },
      request: { method: 'GET', url: '{{baseUrl}}/{{InvoiceNumber}}' },
    });
    const enqueue = async (number: string) => {
      const body = { integration: 'acme', command: 'GetInvoiceImage', tokens: { InvoiceNumber: number } };
      const { id } = await errand.client.enqueue(body);
      await errand.ended(id);
      return id;
    };
    await enqueue('INV1');
    failed = await enqueue('GONE');
    tab = await openPage(browser, errand.url);
  });
  afterAll(async () => {
    await tab?.close();
    await browser?.close();
    await errand?.stop();
    await endpoint?.close();
  });

  it('asks for a key, and says so when it is wrong', async () => {
    const { page, picture } = tab;
    await page.goto('/queues');
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await picture(`${backend.name}-sign-in`);
    await page.getByLabel('API key').fill('errand_nobody');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').textContent()).toBe('The API key is not valid.');
    await picture(`${backend.name}-wrong-key`);
  });

  it('goes on to the board with the right one', async () => {
    const { page, picture } = tab;
    await page.getByLabel('API key').fill(errand.adminKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/queues');
    await page.getByText(`${errand.prefix}-interactive`).last().waitFor();
    await page.getByText(/^2 Jobs$/).waitFor();
    await picture(`${backend.name}-board`);
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: 'errand-session', httpOnly: true, sameSite: 'Strict', path: '/' }]);
  });

  it('shows a failed invocation with its reason, and leads to it', async () => {
    const { page, picture } = tab;
    await page.goto(`/queues/queue/${errand.prefix}-batch?status=failed`);
    await page
      .getByText(/unexpected-status: .*410/)
      .first()
      .waitFor();
    await picture(`${backend.name}-failed`);
    const link = page.locator(`a[href$="/invocations/${failed}"]`).first();
    expect(await link.getAttribute('href')).toBe(`/invocations/${failed}`);
    const [opened] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await opened.getByRole('heading', { name: 'GetInvoiceImage: GONE' }).waitFor();
    await opened
      .getByText(/answered 410/)
      .first()
      .waitFor();
    await opened.close();
  });

  it('offers nothing that changes a queue', async () => {
    const { page } = tab;
    const buttons = await page.getByRole('button').allTextContents();
    expect(buttons.filter((text) => /retry|clean|pause|promote|empty|obliterate|add job/i.test(text))).toEqual([]);
  });

  it('asks no other host for anything, and breaks no rule of its own', () => {
    expect(tab.elsewhere()).toEqual([]);
    expect(tab.complaints().filter((text) => !/\b401\b/.test(text))).toEqual([]);
  });

  it('signs out', async () => {
    const { page, picture } = tab;
    await page.goto('/sign-in');
    await picture(`${backend.name}-signed-in`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await page.goto('/queues');
    expect(new URL(page.url()).pathname).toBe('/sign-in');
  });
});
