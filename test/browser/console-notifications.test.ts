import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { NotificationEndpoint } from '../../src/contract/notification.ts';
import { openBrowser } from '../support/browser.ts';
import { expectSoundPages, looks } from '../support/console/looks.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';
import { batchOf, configure } from '../support/console/seed.ts';
import { type Endpoint, startEndpoint } from '../support/endpoints/endpoint.ts';
import { verified } from '../support/notifications.ts';

describe.skipIf(inject('chromium') === null)('contract §3: notifications in the console', { timeout: 180_000 }, () => {
  let running: RunningConsole;
  let browser: Browser;
  let receiver: Endpoint;
  let status = 204;
  beforeAll(async () => {
    [running, browser, receiver] = await Promise.all([
      startConsole(),
      openBrowser(),
      startEndpoint((_, response) => void response.writeHead(status).end()),
    ]);
    await configure(running, 'acme');
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    await receiver?.close();
  });
  const permissions = ['clipboard-read', 'clipboard-write'];
  const signIn = (key = running.adminKey) => openSignedIn(browser, running.url, key, { permissions });
  const card = (page: Page, name: string) => page.getByRole('article', { name, exact: true });
  const choose = async (page: Page, what: string) => {
    await page.getByRole('button', { name: 'More for On call' }).click();
    await page.getByRole('menuitem', { name: what }).click();
  };
  /** Asks until it is so: workers send by themselves. */
  const until = (done: () => Promise<boolean>) => vi.waitUntil(done, { timeout: 30_000, interval: 200 });
  const onCall = async () => {
    const { items } = await running.client.notificationEndpoints();
    return items.find(({ name }) => name === 'On call') as NotificationEndpoint;
  };
  /** What the receiver had of this kind, newest first. */
  const had = (event: string) =>
    receiver.requests.filter(({ body }) => JSON.parse(body.toString()).type === event).toReversed();
  let secret = '';

  it('say what they are for where there are none, and are not for everybody', async () => {
    const { page, close } = await signIn(await running.keyFor('operator'));
    await page.getByRole('link', { name: 'Notifications' }).click();
    await page.getByText('Nobody is told yet').waitFor();
    await page.getByText('An admin can add one').waitFor();
    expect(await page.getByRole('button', { name: 'Add endpoint' }).count()).toBe(0);
    await page.getByRole('tab', { name: 'Deliveries' }).click();
    await page.getByText('Nothing was sent yet').waitFor();
    await page.goto('/notifications?tab=deliveries&status=failed');
    await page.getByText('No delivery fits').waitFor();
    await close();
    const ofOne = await signIn(await running.keyFor('operator', ['acme-corp']));
    await ofOne.page.goto('/notifications');
    await ofOne.page.getByText('You see no endpoint').waitFor();
    await ofOne.page.goto('/nowhere');
    await ofOne.page.getByText('There is no such page').waitFor();
    await ofOne.close();
    const configurer = await signIn(await running.keyFor('configurer'));
    expect(await configurer.page.getByRole('link', { name: 'Notifications' }).count()).toBe(0);
    await configurer.page.goto('/notifications');
    await configurer.page.getByText('Your role does not allow to see notifications').waitFor();
    await configurer.close();
  });

  it('go to an endpoint that is added with its errors at their fields, and its secret shown once', async () => {
    const { page, complaints, picture, close } = await signIn();
    await page.goto('/notifications');
    await page.getByRole('button', { name: 'Add endpoint' }).click();
    const form = page.getByRole('dialog', { name: 'Add endpoint' });
    await form.getByRole('button', { name: 'Add endpoint' }).click();
    await form.getByText('is required').waitFor();
    await form.getByText('choose one at least').waitFor();
    await form.getByLabel('Name').fill('On call');
    await form.getByLabel('URL').fill('ftp://127.0.0.1/');
    await form.getByRole('checkbox', { name: 'Batch ended' }).check();
    await form.getByRole('radio', { name: 'Only these' }).check();
    await form.getByRole('checkbox', { name: 'Audit log broken' }).check();
    await form.getByRole('button', { name: 'Add endpoint' }).click();
    await form.getByText('name one at least').waitFor();
    await form.getByText('concerns all accounts: leave it out').waitFor();
    await form.getByText('must begin with http:// or https://').waitFor();
    await form.getByRole('checkbox', { name: 'Audit log broken' }).uncheck();
    await form.getByRole('radio', { name: 'All' }).check();
    await form.getByLabel('URL').fill('http://169.254.169.254/');
    await form.getByRole('button', { name: 'Add endpoint' }).click();
    await form.getByText('leads where nothing is sent').waitFor();
    expect(await form.getByLabel('URL').getAttribute('aria-invalid')).toBe('true');
    await picture('notifications-refused');
    await form.getByLabel('URL').fill(`${receiver.url}/hook`);
    await form.getByRole('button', { name: 'Add endpoint' }).click();

    const shown = page.getByRole('dialog', { name: 'The signing secret' });
    const field = shown.getByLabel('Signing secret');
    secret = await field.inputValue();
    await shown.locator('input:focus').waitFor();
    await picture('notifications-secret');
    await page.keyboard.press('Escape');
    await shown.getByRole('button', { name: 'Copy secret' }).click();
    await shown.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret);
    await shown.getByRole('button', { name: 'Done' }).click();
    await shown.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain(secret);
    await card(page, 'On call').getByText(`${receiver.url}/hook`).waitFor();
    await card(page, 'On call').getByText('Last delivery: none').waitFor();
    expect(await onCall()).toMatchObject({ events: ['batch.finished'], accounts: '*', enabled: true });
    expect(complaints().filter((text) => !/status of 400|status of 422/.test(text))).toEqual([]);
    await close();
  });

  it('are tried by a test, and tell whether it was taken', async () => {
    const { page, picture, close } = await signIn();
    await page.goto('/notifications');
    await page.getByRole('button', { name: 'Send test to On call' }).click();
    await page.getByText('On call took the test').waitFor();
    const [test] = had('notification.test');
    if (test === undefined) throw new Error('no test came');
    expect(verified(test, secret)).toMatchObject({ data: { name: 'On call' } });
    status = 503;
    await page.getByRole('button', { name: 'Send test to On call' }).click();
    await page.getByRole('alert').getByText('On call did not take the test').waitFor();
    await card(page, 'On call').getByText('What is sent to it fails; that began').waitFor();
    await card(page, 'On call').getByText('The receiver answered 503 Service Unavailable.').waitFor();
    await picture('notifications-test-failed');
    status = 204;
    await close();
  });

  it('are listed with what they tell of, and what came back', async () => {
    const { id } = await batchOf(running.client, 'acme', 3);
    await until(async () => (await onCall()).lastNotification?.event === 'batch.finished');
    const { page, close } = await signIn();
    await page.goto('/notifications');
    await card(page, 'On call').getByText('Last delivery: batch ended').waitFor();
    await card(page, 'On call').getByRole('link', { name: 'All deliveries' }).click();
    await page.waitForURL('**/notifications?tab=deliveries&endpoint=*');
    const chosen = page.getByRole('combobox', { name: 'Endpoint' });
    await until(async () => (await chosen.inputValue()) === 'On call');
    const row = page.getByRole('row').filter({ hasText: 'Batch ended' });
    await row.getByText('The receiver answered 204.').waitFor();
    await row.getByText(`${receiver.url}/hook`).waitFor();
    await row.getByRole('link', { name: `batch ${id}` }).click();
    await page.waitForURL(`**/batches/${id}`);
    const [message] = had('batch.finished');
    if (message === undefined) throw new Error('no message came');
    expect(verified(message, secret).data).toMatchObject({ id, succeeded: 3 });
    await close();
  });

  it('are sent again by an operator, who changes no endpoint', async () => {
    const { page, close } = await signIn(await running.keyFor('operator'));
    await page.goto('/notifications');
    await card(page, 'On call').getByText('Enabled').waitFor();
    for (const name of [/^Send test/, /^Edit/, /^More for/, /^Add/]) {
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    }
    expect(await page.getByRole('switch').count()).toBe(0);
    await page.getByRole('tab', { name: 'Deliveries' }).click();
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'failed' }).click();
    const failed = page.getByRole('row').filter({ hasText: 'answered 503' });
    await page.getByRole('row').filter({ hasText: 'answered 204' }).first().waitFor({ state: 'detached' });
    await failed.getByRole('button', { name: 'Send again: Test' }).click();
    await page.getByText('It is sent as soon as possible.').waitFor();
    await page.getByText('No delivery fits').waitFor();
    await page.goto('/notifications?tab=deliveries&event=batch.finished');
    await page.getByRole('button', { name: 'Send again: Batch ended' }).click();
    const question = page.getByRole('dialog', { name: 'Send it again' });
    await question.getByText('with the same webhook-id').waitFor();
    await question.getByRole('button', { name: 'Send it again' }).click();
    await until(async () => had('batch.finished').length === 2);
    const ids = had('batch.finished').map((request) => request.header('webhook-id'));
    expect(ids[0]).toBe(ids[1]);
    await until(async () => had('notification.test').length === 3);
    await page
      .getByRole('row')
      .filter({ hasText: 'Batch ended' })
      .getByText(/^last .* ago$/)
      .waitFor();
    await close();
  });

  it('are changed in their form, which keeps what others change meanwhile', async () => {
    const { page, close } = await signIn();
    await page.goto('/notifications');
    await page.getByRole('button', { name: 'Edit On call' }).click();
    const form = page.getByRole('dialog', { name: 'Change On call' });
    await running.client.updateNotificationEndpoint((await onCall()).id, { accounts: ['acme-corp'] });
    await form.getByRole('checkbox', { name: 'Run ended' }).check();
    await form.getByLabel('Name').fill('');
    await form.getByRole('button', { name: 'Save endpoint' }).click();
    await page.getByText(`${new URL(receiver.url).host} is saved`).waitFor();
    await form.waitFor({ state: 'detached' });
    const host = card(page, new URL(receiver.url).host);
    await host.getByText('Batch ended, run ended').waitFor();
    await host.getByText('Accounts: acme-corp').waitFor();
    await page.getByRole('button', { name: /^Edit/ }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('On call');
    await page.getByRole('dialog').getByRole('button', { name: 'Save endpoint' }).click();
    await card(page, 'On call').waitFor();
    await close();
  });

  it('are signed with a new secret, and the one before for a day', async () => {
    const { page, close } = await signIn();
    await page.goto('/notifications');
    await choose(page, 'Replace secret');
    const dialog = page.getByRole('dialog', { name: 'Replace the secret of On call' });
    await dialog.getByText('For 24 hours').waitFor();
    await dialog.getByRole('button', { name: 'Replace secret' }).click();
    const fresh = await dialog.getByLabel('Signing secret').inputValue();
    expect(fresh).not.toBe(secret);
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.waitFor({ state: 'detached' });
    await card(page, 'On call').getByText('The secret before is good, too').waitFor();
    await page.getByRole('button', { name: 'Send test to On call' }).click();
    await page.getByText('On call took the test').waitFor();
    const [test] = had('notification.test');
    if (test === undefined) throw new Error('no test came');
    for (const one of [secret, fresh]) expect(verified(test, one)).toMatchObject({ type: 'notification.test' });
    await close();
  });

  it('stop when their endpoint is disabled, by a person or by Errand, and end when it is deleted', async () => {
    const { page, picture, close } = await signIn();
    await page.goto('/notifications');
    const enabled = page.getByRole('switch', { name: 'On call is enabled' });
    await enabled.click({ force: true });
    const question = page.getByRole('dialog', { name: 'Disable On call' });
    await question.getByText('is not sent, also when it is enabled again').waitFor();
    await question.getByRole('button', { name: 'Disable On call' }).click();
    await card(page, 'On call').getByText('Disabled: it is told nothing.').waitFor();
    await page.goto('/notifications?tab=deliveries');
    await page.getByText('The receiver answered 204.').first().waitFor();
    expect(await page.getByRole('button', { name: /^Send again/ }).count()).toBe(0);
    await page.goto('/notifications');
    await enabled.click({ force: true });
    await card(page, 'On call').getByText('Disabled: it is told nothing.').waitFor({ state: 'detached' });
    expect((await onCall()).enabled).toBe(true);
    status = 410;
    await batchOf(running.client, 'acme', 1);
    await card(page, 'On call').getByText('Disabled by Errand: It answered 410 Gone').waitFor();
    await picture('notifications-disabled');
    status = 204;
    await choose(page, 'Delete endpoint');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete On call' }).click();
    await page.getByText('Nobody is told yet').waitFor();
    expect((await running.client.notificationEndpoints()).items).toEqual([]);
    await page.getByRole('tab', { name: 'Deliveries' }).click();
    await page.getByText('An endpoint that is deleted').first().waitFor();
    await close();
  });

  it.each(looks)('hinder nobody: $name', async (look) => {
    const { client } = running;
    await Promise.all(
      (await client.notificationEndpoints()).items.map(({ id }) => client.deleteNotificationEndpoint(id)),
    );
    const made = await client.createNotificationEndpoint({
      name: 'On call, of the whole night',
      url: `${receiver.url}/a/long/path/${'token'.repeat(20)}`,
      events: ['integration.held', 'integration.released', 'batch.finished', 'schedule.missed', 'audit.broken'],
    });
    await client.testNotificationEndpoint(made.id);
    status = 500;
    const failing = await client.createNotificationEndpoint({
      url: receiver.url,
      events: ['run.finished'],
      accounts: ['a', 'b'],
    });
    await client.testNotificationEndpoint(failing.id);
    status = 204;
    await client.rotateNotificationSecret(failing.id);
    await client.createNotificationEndpoint({
      name: 'Quiet',
      url: 'https://ops.example.com',
      events: ['batch.finished'],
      enabled: false,
    });
    const open: Record<string, (page: Page) => Promise<void>> = {
      '/notifications?open=add': (page) => page.getByRole('button', { name: 'Add endpoint' }).click(),
      '/notifications?open=disable': (page) =>
        page.getByRole('switch', { name: 'On call, of the whole night is enabled' }).press('Space'),
      '/notifications?open=more': async (page) => {
        await page.getByRole('button', { name: 'More for Quiet' }).click();
        await page.getByRole('menuitem', { name: 'Delete endpoint' }).waitFor();
      },
    };
    await expectSoundPages({
      browser,
      url: running.url,
      key: running.adminKey,
      look,
      paths: ['/notifications', '/notifications?tab=deliveries', ...Object.keys(open)],
      ready: async (page, path) => {
        // What is still coming up is too pale to read.
        await page.emulateMedia({ reducedMotion: 'reduce' });
        await open[path]?.(page);
      },
    });
  });
});
