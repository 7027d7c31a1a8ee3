import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { expectSoundPages, looks } from '../support/console/looks.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';
import { batchOf, command, configure } from '../support/console/seed.ts';

describe.skipIf(inject('chromium') === null)('contract §3: integrations in the console', { timeout: 180_000 }, () => {
  let running: RunningConsole;
  let browser: Browser;
  beforeAll(async () => {
    [running, browser] = await Promise.all([
      startConsole({ ERRAND_EGRESS_IPS: '203.0.113.4,203.0.113.5' }),
      openBrowser(),
    ]);
    for (const id of ['acme', 'umbrella'] as const) await configure(running, id);
    await running.client.putSchedule('acme', 'nightly', {
      command,
      cron: '0 2 * * *',
      timezone: 'America/Chicago',
      items: [{ tokens: { InvoiceNumber: 'INV0000001' } }],
    });
    const tokens = { InvoiceNumber: 'INV0000001' };
    await running.client.enqueue({ integration: 'acme', command, tokens }, { waitSeconds: 30 });
    await batchOf(running.client, 'umbrella', 10);
    await until(async () => (await running.client.getIntegration('umbrella')).hold !== null);
    // Written every few seconds; a page that is open asks again after a minute.
    const day = { bucket: 'hour', by: 'integration', integration: 'acme' } as const;
    await until(async () => (await running.client.statistics(day)).items.length > 0);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });
  const signIn = (key = running.adminKey) =>
    openSignedIn(browser, running.url, key, { timezoneId: 'America/New_York' });

  it('are cards with Last Sync, key, and why work waits; found by name, in the address', async () => {
    const { page, close } = await signIn();
    await page.goto('/integrations');
    const acme = page.getByRole('article', { name: 'Acme invoices' });
    await acme.getByText('gckQ...taJ9').waitFor();
    const { lastSyncAt } = await running.client.getIntegration('acme');
    const [, year, month, day] =
      /^(\d+)-(\d+)-(\d+)/.exec(new Date(Date.parse(lastSyncAt ?? '') - 5 * 3_600_000).toISOString()) ?? [];
    await acme.getByText(`Last Sync ${month}-${day}-${year}`).waitFor();
    await acme.getByText('succeeded in 24 h').waitFor();
    const umbrella = page.getByRole('article', { name: 'Umbrella finance' });
    await umbrella.getByText('Last Sync Never').waitFor();
    await umbrella
      .getByText(/Paused by Errand: their server does not take the credentials; next try \d\d:\d\d/)
      .waitFor();
    await acme.getByRole('time').hover();
    await page.getByRole('tooltip', { name: /E[SD]T|GMT-[45]/ }).waitFor();
    await page.getByLabel('Search').fill('umbr');
    await page.waitForURL('**/integrations?q=umbr');
    await acme.waitFor({ state: 'detached' });
    await page.getByLabel('Search').fill('nothing like it');
    await page.getByText('No integration fits').waitFor();
    await page.goto('/integrations?status=paused');
    await page.getByText('No integration fits').waitFor();
    await close();
  });

  it('are paused and resumed after one question, and say so', async () => {
    const { page, close } = await signIn();
    await page.goto('/integrations');
    await page.getByRole('button', { name: 'Pause Acme invoices' }).click();
    const question = page.getByRole('dialog', { name: 'Pause Acme invoices' });
    await question.getByText('Customers who click get an error at once').waitFor();
    await question.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('article', { name: 'Acme invoices' }).getByText('Paused by a person since').waitFor();
    expect((await running.client.getIntegration('acme')).status).toBe('paused');
    await page.getByRole('button', { name: 'Resume Acme invoices' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Pause Acme invoices' }).waitFor();
    expect((await running.client.getIntegration('acme')).status).toBe('active');
    await close();
  });

  it('sync at once: by their only schedule, or by way of making one', async () => {
    const { page, close } = await signIn();
    await page.goto('/integrations');
    await page.getByRole('button', { name: 'Sync now: Acme invoices' }).click();
    await page.getByText('nightly has begun').waitFor();
    await until(async () => (await running.client.schedule('acme', 'nightly')).lastRun !== null);
    await page.getByRole('button', { name: 'Sync now: Umbrella finance' }).click();
    await page.getByRole('link', { name: 'Make a schedule' }).click();
    const form = page.getByRole('dialog', { name: 'Add schedule' });
    await form.getByText('At 02:00, every day').waitFor();
    await form.getByLabel('When').fill('30 3 * * 1');
    await form.getByText('At 03:30, only on Monday').waitFor();
    await form.getByLabel('Values').fill('INV0000001\nINV0000002');
    await form.getByLabel('Name').fill('no such/name');
    await form.getByRole('button', { name: 'Save schedule' }).click();
    await form.getByText('must be 1 to 64 letters').waitFor();
    await form.getByLabel('Name').fill('weekly');
    await form.getByRole('button', { name: 'Save schedule' }).click();
    await form.waitFor({ state: 'detached' });
    const weekly = page.getByRole('article', { name: 'weekly' });
    await weekly.getByText('GetInvoiceImage for 2 items').waitFor();
    await weekly.getByRole('switch', { name: 'weekly is enabled' }).click({ force: true });
    await weekly.getByText('it is switched off').waitFor();
    expect((await running.client.schedule('umbrella', 'weekly')).items).toHaveLength(2);
    await weekly.getByRole('button', { name: 'Delete weekly' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete weekly' }).click();
    await page.getByText('No schedules').waitFor();
    await close();
  });

  it('are added with an id that the name suggests; what is wrong stands at its field', async () => {
    const { page, close } = await signIn();
    await page.goto('/integrations/new');
    await page.getByText('Requests come from').waitFor();
    await page.getByText('203.0.113.5').waitFor();
    await page.getByLabel('Name', { exact: false }).first().fill('Wayne & Söhne, Ltd.');
    const id = page.getByLabel('Id', { exact: false });
    expect(await id.inputValue()).toBe('wayne-sohne-ltd');
    await page.getByRole('button', { name: 'Add variable' }).click();
    await page.getByLabel('Name of variable 1').fill('errand.x');
    await page.getByLabel('Value of errand.x').fill('1');
    await id.fill('acme');
    await page.getByRole('button', { name: 'Add integration' }).click();
    await page.getByText('is taken').waitFor();
    await id.fill('wayne');
    await page.getByRole('button', { name: 'Add integration' }).click();
    await page.getByText('must not begin with "errand."').waitFor();
    await page.getByLabel('Name of variable 1').fill('companyId');
    await page.getByRole('button', { name: 'Add integration' }).click();
    await page.waitForURL('**/integrations/wayne');
    await page.getByRole('heading', { level: 1, name: 'Wayne & Söhne, Ltd.' }).waitFor();
    expect((await running.client.getIntegration('wayne')).variables).toEqual({ companyId: '1' });
    await page.getByRole('button', { name: 'More for Wayne' }).click();
    await page.getByRole('menuitem', { name: 'Delete integration' }).click();
    const question = page.getByRole('dialog', { name: 'Delete Wayne' });
    await question.getByText('This cannot be undone').waitFor();
    await question.getByRole('button', { name: 'Delete Wayne' }).click();
    await page.waitForURL('**/integrations');
    await page.getByText('Söhne, Ltd. is deleted').waitFor();
    await expect(running.client.getIntegration('wayne')).rejects.toMatchObject({ status: 404 });
    await close();
  });

  it('take secrets once, and never show them', async () => {
    const { page, close } = await signIn();
    await page.goto('/integrations/acme?tab=secrets');
    await page.getByRole('button', { name: 'Add secret' }).click();
    const form = page.getByRole('dialog', { name: 'Add secret' });
    await form.getByLabel('Name').fill('password');
    await form.getByLabel('Value', { exact: false }).first().fill('short');
    await form.getByRole('button', { name: 'Save secret' }).click();
    await form.getByText('must hold at least 8 characters').waitFor();
    await form.getByLabel('Value', { exact: false }).first().fill('wxyz-a-long-password-8888');
    await form.getByLabel('May go to').first().fill('api.acme.example,');
    await form.getByRole('button', { name: 'Save secret' }).click();
    await form.waitFor({ state: 'detached' });
    await page.getByText('wxyz...8888').waitFor();
    await page.getByText('api.acme.example').waitFor();
    expect(await page.content()).not.toContain('a-long-password');
    await page.getByRole('button', { name: 'Delete apiKey' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete apiKey' }).click();
    await page.getByRole('dialog').getByText('would no longer work').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Delete password' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete password' }).click();
    await page.getByText('wxyz...8888').waitFor({ state: 'detached' });

    await close();
  });

  it('authenticate as it is chosen, with a secret that is chosen; others see how', async () => {
    await running.client.putSecret('acme', 'apiPassword', 'wxyz-a-long-password-9999');
    const { page, close } = await signIn();
    await page.goto('/integrations/acme?tab=authentication');
    await page.getByLabel('Kind').selectOption('basic');
    await page.getByLabel('User name').fill('errand {{companyId}}');
    await page.getByRole('button', { name: 'Save authentication' }).click();
    await page.getByText('is required').waitFor();
    await page.getByRole('combobox', { name: 'Password' }).click();
    await page.getByRole('option', { name: 'apiPassword' }).click();
    await page.getByRole('button', { name: 'Save authentication' }).click();
    await page.getByText('must be text, or one token and nothing beside it').waitFor();
    await page.getByLabel('Certificate authorities').fill('{{noSuchName}}');
    await page.getByLabel('User name').fill('errand');
    await page.getByRole('button', { name: 'Save authentication' }).click();
    await page.getByText('is not available here').waitFor();
    await page.getByLabel('Certificate authorities').fill('');
    await page.getByRole('button', { name: 'Save authentication' }).click();
    await page.getByText('The authentication is saved').waitFor();
    const auth = { type: 'basic', username: 'errand', password: '{{apiPassword}}' };
    expect(await running.client.getIntegration('acme')).toMatchObject({ auth, tls: null });
    await page.reload();
    expect(await page.getByLabel('User name').inputValue()).toBe('errand');
    expect(await page.getByRole('combobox', { name: 'Password' }).inputValue()).toBe('apiPassword');
    await close();

    const reader = await signIn(await running.keyFor('operator'));
    await reader.page.goto('/integrations/acme?tab=authentication');
    await reader.page.getByText('Basic: user name and password').waitFor();
    await reader.page.getByText('{{apiPassword}}').waitFor();
    expect(await reader.page.getByRole('button', { name: /Save/ }).count()).toBe(0);
    await reader.close();
    await running.client.patchIntegration('acme', { auth: null });
    await running.client.deleteSecret('acme', 'apiPassword');
  });

  it('have limits in words, and tabs for what was done to them and by them', async () => {
    const { page, close } = await signIn();
    await page.goto('/integrations/acme?tab=limits');
    await page.getByLabel('At the same time').fill('3');
    await page.getByText('At most 3 requests are on the way').waitFor();
    await page.getByRole('button', { name: 'Add rate' }).click();
    await page.getByText('Never more than 60 in one minute').waitFor();
    await page.getByRole('button', { name: 'Save limits' }).click();
    await page.getByText('The limits are saved').waitFor();
    const { limits } = await running.client.getIntegration('acme');
    expect(limits).toEqual({ concurrency: 3, rates: [{ count: 60, perSeconds: 60 }] });

    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByText('Integration changed').first().waitFor();
    await page.getByRole('tab', { name: 'Recent invocations' }).click();
    await page.getByRole('link', { name: 'INV0000001' }).first().waitFor();
    await close();
  });

  it('offer an operator what operators may do, and no more', async () => {
    const { page, close } = await signIn(await running.keyFor('operator'));
    await page.goto('/integrations/acme?tab=secrets');
    await page.getByRole('button', { name: 'Pause Acme invoices' }).waitFor();
    await page.getByText('gckQ...taJ9').first().waitFor();
    for (const name of [/Add/, /Delete/, /Replace/, /More for/, /Save/]) {
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    }
    await page.goto('/integrations/acme?tab=schedules');
    await page.getByRole('button', { name: 'Run now: nightly' }).waitFor();
    expect(await page.getByRole('switch').count()).toBe(0);
    await page.goto('/integrations');
    await page.getByRole('article').first().waitFor();
    expect(await page.getByRole('link', { name: 'Add integration' }).count()).toBe(0);
    await close();
  });

  it.each(looks)('hinder nobody: $name', async (look) => {
    const tabs = [
      'commands',
      'secrets',
      'authentication',
      'limits',
      'schedules',
      'schedules&schedule=nightly',
      'recent',
      'audit',
    ];
    const paths = [
      '/integrations',
      '/integrations/new',
      '/integrations/umbrella',
      ...tabs.map((tab) => `/integrations/acme?tab=${tab}`),
    ];
    await expectSoundPages({ browser, url: running.url, key: running.adminKey, look, paths });
  });
});

/** What the servers do by themselves is there when it is there: asks until then. */
const until = (done: () => Promise<boolean>) => vi.waitUntil(done, { timeout: 30_000, interval: 200 });
