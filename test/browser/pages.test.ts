import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RunningApi, startApi } from '../integration/api/support/start-api.ts';
import { openBrowser, openPage } from '../support/browser.ts';

describe.skipIf(inject('chromium') === null)('the pages for people', () => {
  let running: RunningApi;
  let browser: Browser;
  beforeAll(async () => {
    [running, browser] = await Promise.all([startApi(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });

  it('describe the API, and ask no other host for anything', async () => {
    const { page, elsewhere, complaints, picture, close } = await openPage(browser, running.url);
    await page.goto('/docs', { waitUntil: 'networkidle' });
    await page.getByText('/v1/invocations', { exact: true }).first().waitFor();
    await picture('docs');
    await page.locator('.opblock-post', { hasText: '/v1/invocations' }).first().locator('button').first().click();
    await page.getByText('idempotencyKey').first().waitFor();
    await picture('docs-operation');
    expect(elsewhere()).toEqual([]);
    expect(complaints()).toEqual([]);
    await close();
  });

  it.each(['light', 'dark'] as const)('sign in without JavaScript on a telephone, %s', async (colorScheme) => {
    const options = { viewport: { width: 390, height: 844 }, javaScriptEnabled: false, colorScheme };
    const { page, elsewhere, complaints, picture, close } = await openPage(browser, running.url, options);
    await page.goto('/sign-in');
    await page.getByLabel('API key').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await picture(`sign-in-${colorScheme}`);
    const { scrollWidth } = await page.locator('html').evaluate((html) => html as unknown as { scrollWidth: number });
    expect(scrollWidth ?? 390).toBeLessThanOrEqual(390);
    await page.getByLabel('API key').fill(await running.keyFor('producer'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    // The console, which needs JavaScript; who is signed in is told without.
    await page.waitForURL((url) => url.pathname === '/');
    await page.goto('/sign-in');
    await page.getByText('producer for all accounts').waitFor();
    await picture(`signed-in-${colorScheme}`);
    await page.goto('/queues');
    await page.getByText('This needs a key with the role operator or admin').waitFor();
    await picture(`not-allowed-${colorScheme}`);
    expect(elsewhere()).toEqual([]);
    expect(complaints().filter((text) => !/\b(?:401|403)\b/.test(text))).toEqual([]);
    await close();
  });

  it('open the docs on a telephone', async () => {
    const options = { viewport: { width: 390, height: 844 }, isMobile: true };
    const { page, picture, close } = await openPage(browser, running.url, options);
    await page.goto('/docs', { waitUntil: 'networkidle' });
    await page.getByText('/v1/invocations', { exact: true }).first().waitFor();
    await picture('docs-telephone');
    await close();
  });
});
