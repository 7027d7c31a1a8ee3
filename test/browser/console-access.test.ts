import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createHttpClient } from '../../src/client/http.ts';
import { openBrowser, openPage } from '../support/browser.ts';
import { seriousFindings } from '../support/console/axe.ts';
import { expectSoundPages, looks } from '../support/console/looks.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';
import { configure } from '../support/console/seed.ts';

describe.skipIf(inject('chromium') === null)('contract §3: who comes in, and with what', { timeout: 180_000 }, () => {
  let running: RunningConsole;
  let browser: Browser;
  beforeAll(async () => {
    [running, browser] = await Promise.all([startConsole({ ERRAND_EGRESS_IPS: '203.0.113.4' }), openBrowser()]);
    for (const id of ['acme', 'globex'] as const) await configure(running, id);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });

  it('keys are shown once when they are made, and refused when they are revoked', async () => {
    const { page, close } = await openSignedIn(browser, running.url, running.adminKey);
    await page.goto('/keys');
    await page.getByRole('button', { name: 'Create key' }).click();
    const form = page.getByRole('dialog', { name: 'Create key' });
    await form.getByLabel('Name').fill('billing');
    await form.getByRole('radio', { name: 'Only these' }).check();
    await form.getByRole('button', { name: 'Create key' }).click();
    await form.getByText('name one at least').waitFor();
    await form.getByLabel('Which accounts').first().fill('acme-corp');
    await form.getByLabel('Expires').fill('2020-01-01T00:00');
    await form.getByRole('button', { name: 'Create key' }).click();
    await form.getByText('must', { exact: false }).first().waitFor();
    await form.getByLabel('Expires').fill('');
    await form.getByRole('button', { name: 'Create key' }).click();
    const shown = page.getByRole('dialog', { name: 'The new key' });
    await shown.getByRole('button', { name: 'Copy key' }).waitFor();
    const key = await shown.getByLabel('API key').inputValue();
    await shown.getByRole('button', { name: 'Done' }).click();
    await shown.waitFor({ state: 'detached' });
    const asked = createHttpClient({ url: running.url, apiKey: key });
    expect(await asked.session()).toMatchObject({ role: 'producer', accounts: ['acme-corp'] });
    expect(await page.content()).not.toContain(key);
    await page.getByRole('button', { name: 'Revoke billing' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke billing' }).click();
    await page.getByText('revoked', { exact: true }).waitFor();
    await expect(asked.session()).rejects.toMatchObject({ status: 401 });
    await close();
  });

  it('keys are not for an operator', async () => {
    const { page, close } = await openSignedIn(browser, running.url, await running.keyFor('operator'));
    await page.goto('/keys');
    await page.getByText('Your role does not allow to manage keys').waitFor();
    expect(await page.getByRole('button', { name: 'Create key' }).count()).toBe(0);
    await close();
  });

  it.each(looks)('keys hinder nobody: $name', async (look) => {
    await expectSoundPages({ browser, url: running.url, key: running.adminKey, look, paths: ['/keys'] });
  });

  it("a customer's own admin comes in once, to their own integrations and nothing else", async () => {
    const { url } = await running.client.createPortalSession({ account: 'acme-corp', role: 'configurer' });
    const portal = await openPage(browser, running.url);
    const { page } = portal;
    await page.goto(url);
    await page.waitForURL('**/portal/integrations');
    await page.getByRole('article', { name: 'Acme invoices' }).waitFor();
    expect(await page.getByRole('article').count()).toBe(1);
    expect(await page.getByRole('navigation', { name: 'Console' }).getByRole('link').allTextContents()).toEqual([
      'Integrations',
    ]);
    await page.reload();
    await page.getByRole('link', { name: 'Acme invoices' }).click();
    await page.getByText('Requests come from').waitFor();
    await page.getByText('203.0.113.4').waitFor();
    expect(await page.getByRole('tab').allTextContents()).toEqual([
      'Commands',
      'Variables and secrets',
      'Authentication',
      'Limits',
      'Schedules',
    ]);
    expect(await seriousFindings(page)).toEqual([]);
    await page.goto('/portal/audit');
    await page.waitForURL('**/portal/integrations');

    const again = await openPage(browser, running.url, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    await again.page.goto(url);
    await again.page.getByText('This link was used before, or has expired').waitFor();
    expect(await seriousFindings(again.page)).toEqual([]);
    expect([...portal.elsewhere(), ...again.elsewhere()]).toEqual([]);
    expect(portal.complaints()).toEqual([]);
    expect(again.complaints().filter((text) => !/status of 401/.test(text))).toEqual([]);
    await Promise.all([portal.close(), again.close()]);
  });
});
