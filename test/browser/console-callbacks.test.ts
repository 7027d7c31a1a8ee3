import type { ServerResponse } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, type TestPage } from '../support/browser.ts';
import { seriousFindings } from '../support/console/axe.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';
import { command, configure } from '../support/console/seed.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';

/** Of a machine that has other things to do. */
const patience = 120_000;

describe.skipIf(inject('chromium') === null)('callbacks in the console (contract §3)', { timeout: patience }, () => {
  let errand: RunningConsole;
  let billing: Endpoint;
  let browser: Browser;
  let tab: TestPage;
  let page: Page;
  const held: ServerResponse[] = [];

  beforeAll(async () => {
    billing = await startEndpoint((request, response) => {
      if (request.url === '/down') response.writeHead(503).end();
      else held.push(response);
    });
    [errand, browser] = await Promise.all([startConsole(), openBrowser()]);
    await configure(errand, 'acme');
    tab = await openSignedIn(browser, errand.url, errand.adminKey);
    page = tab.page;
    page.setDefaultTimeout(60_000);
  }, 240_000);
  afterAll(async () => {
    await tab?.close();
    await browser?.close();
    await errand?.stop();
    await billing?.close();
  }, patience);

  const fact = () => page.getByRole('definition').filter({ hasText: billing.url });
  const tokens = { InvoiceNumber: 'INV0000001' };

  it('are told of on the page of an invocation, which looks again until they were taken', async () => {
    const callbackUrl = `${billing.url}/held?key=s3cr3t`;
    const { id } = await errand.client.enqueue({ integration: 'acme', command, tokens, callbackUrl });
    await page.goto(`/invocations/${id}`);
    await fact().filter({ hasText: 'being told' }).waitFor();
    await expect.poll(() => held.length, { timeout: 20_000 }).toBe(1);
    for (const response of held) response.writeHead(204).end();
    await fact()
      .filter({ hasText: /told \d+ seconds? ago|told now/ })
      .waitFor();
    expect(await fact().textContent()).toContain('/held?key=***');
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('are told of on the page of a batch, with what came back', async () => {
    const callbackUrl = `${billing.url}/down`;
    const { id } = await errand.client.enqueueBatch({ integration: 'acme', command, items: [{ tokens }], callbackUrl });
    await page.goto(`/batches/${id}`);
    await fact()
      .filter({ hasText: /not told yet, \d attempts? failed; the next/ })
      .waitFor();
    expect(await fact().textContent()).toContain('The receiver answered 503 Service Unavailable.');
  });

  it('have no line where nobody wants to be told', async () => {
    const { id } = await errand.client.enqueue({ integration: 'acme', command, tokens }, { waitSeconds: 30 });
    await page.goto(`/invocations/${id}`);
    await page.getByRole('status').filter({ hasText: 'succeeded' }).waitFor();
    expect(await page.getByText('Callback', { exact: true }).count()).toBe(0);
  });
});
