import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, type TestPage } from '../support/browser.ts';
import { seriousFindings } from '../support/console/axe.ts';
import { expectSoundPages, looks } from '../support/console/looks.ts';
import { openSignedIn } from '../support/console/pages.ts';
import { type RunningConsole, startConsole } from '../support/console/running.ts';
import { command, configure } from '../support/console/seed.ts';

const address = (integration: string) => `/integrations/${integration}/commands/${command}`;
const urlField = (page: Page) => page.getByRole('textbox', { name: 'URL' });
const saveButton = (page: Page) => page.getByRole('button', { name: 'Save', exact: true });
const preview = (page: Page) => page.getByRole('region', { name: 'Preview' });
const savedAs = (page: Page, version: number) => page.getByText(`Saved as version ${version}`).waitFor();
const tab = (page: Page, name: string) => page.getByRole('tab', { name }).click();

/** As somebody types: what is there goes, what is written comes key by key. */
async function write(page: Page, field: ReturnType<typeof urlField>, text: string): Promise<void> {
  await field.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

/** Complaints but those of answers that were to be expected. */
const unexpected = ({ complaints }: TestPage, ...statuses: number[]) =>
  complaints().filter((text) => !statuses.some((status) => text.includes(`status of ${status}`)));

describe.skipIf(inject('chromium') === null)('the command editor (contract §3)', { timeout: 180_000 }, () => {
  let running: RunningConsole;
  let browser: Browser;
  beforeAll(async () => {
    [running, browser] = await Promise.all([startConsole(), openBrowser()]);
    for (const id of ['acme', 'globex', 'hooli'] as const) await configure(running, id);
    await running.client.deleteCommand('acme', command);
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
  });

  it('builds a command from nothing: mends a token, previews, sends a test, saves', async () => {
    const opened = await openSignedIn(browser, running.url, await running.keyFor('configurer'));
    const { page, picture } = opened;
    await page.goto(address('acme'));
    await page.getByText('not configured yet').waitFor();
    await page.getByLabel('Method').selectOption('POST');
    await write(page, urlField(page), '{{baseUrl}}/ok/{{invoiceNumber}}');
    await page.getByRole('button', { name: 'Did you mean {{InvoiceNumber}}?' }).click();
    await page.getByText('is not available here').waitFor({ state: 'detached' });
    expect(await urlField(page).textContent()).toBe('{{baseUrl}}/ok/{{InvoiceNumber}}');

    await page.getByRole('button', { name: 'Add Header' }).click();
    await page.keyboard.type('Content-Type');
    await write(page, page.getByRole('textbox', { name: 'Value of header 1' }), 'application/json');
    await page.getByRole('button', { name: 'Add Header' }).click();
    await page.keyboard.type('X-Api-Key');
    await page.getByRole('textbox', { name: 'Value of header 2' }).click();
    await page.getByRole('group', { name: 'Secrets' }).getByRole('button', { name: '{{apiKey}}' }).click();
    const body = page.getByRole('textbox', { name: 'Body' });
    await write(page, body, '{"company": {{companyId}}, "invoice": "{{InvoiceNumber}}"}');

    await preview(page).getByText(`${running.customers.url}/ok/INV0000001`).waitFor();
    await preview(page).getByText('{"company": 77, "invoice": "INV0000001"}').waitFor();
    await preview(page).getByText('X-Api-Key: ***').waitFor();
    await preview(page).getByText('escaped inside a JSON string').waitFor();
    await preview(page).getByText('percent-encoded as part of the path').waitFor();
    await preview(page).getByText('Errand may send there').waitFor();
    await preview(page).getByLabel('Sample value of InvoiceNumber').fill('INV 7/8');
    await preview(page).getByText(`${running.customers.url}/ok/INV%207%2F8`).waitFor();
    await picture('editor-preview');

    expect(running.customers.requests).toHaveLength(0);
    await page.getByRole('button', { name: 'Send test' }).click();
    await page.getByText('It succeeded').waitFor();
    expect(running.customers.requests.map(({ url }) => url)).toEqual(['/ok/INV%207%2F8']);
    expect(await seriousFindings(page)).toEqual([]);
    await picture('editor-test');
    await saveButton(page).click();
    await savedAs(page, 2);
    const { request } = await running.client.getCommand('acme', command);
    expect(request).toEqual({
      method: 'POST',
      url: '{{baseUrl}}/ok/{{InvoiceNumber}}',
      headers: [
        { key: 'Content-Type', value: 'application/json' },
        { key: 'X-Api-Key', value: '{{apiKey}}' },
      ],
      body: '{"company": {{companyId}}, "invoice": "{{InvoiceNumber}}"}',
    });
    expect(opened.elsewhere()).toEqual([]);
    expect(unexpected(opened, 404)).toEqual([]);
    await opened.close();
  });

  it('says at its field what is wrong while it is written, and lets the keyboard leave every field', async () => {
    const opened = await openSignedIn(browser, running.url, running.adminKey);
    const { page } = opened;
    await page.goto(address('hooli'));
    await write(page, urlField(page), 'https://{{InvoiceNumber}}.example/');
    await page.getByText(/where only variables and secrets may stand/).waitFor();
    expect(await urlField(page).getAttribute('aria-invalid')).toBe('true');
    const saves: string[] = [];
    page.on('request', (request) => request.method() === 'PUT' && saves.push(request.url()));
    await saveButton(page).click();
    // It goes to what is to be put right instead.
    await page.waitForURL('**/*tab=request');
    expect(saves).toEqual([]);
    await urlField(page).focus();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Name of header 1');
    await tab(page, 'Times and retries');
    await page.getByLabel('One attempt takes at most').fill('5 s');
    await page.getByText('3 attempts within 30 s, each of 5 s at most.').waitFor();
    await page.getByLabel('One attempt takes at most').fill('soon');
    await page.getByText('Write it with its unit').waitFor();
    await tab(page, 'Request');
    await tab(page, 'Times and retries');
    expect(await page.getByLabel('One attempt takes at most').inputValue()).toBe('soon');
    await page.getByRole('button', { name: 'Discard changes' }).click();
    await page.getByText('No unsaved changes').waitFor();
    expect(await page.getByLabel('One attempt takes at most').inputValue()).toBe('');
    expect(unexpected(opened)).toEqual([]);
    await opened.close();
  });

  it('overwrites nobody unseen, and brings back what was', async () => {
    const opened = await openSignedIn(browser, running.url, running.adminKey);
    const { page, picture } = opened;
    await page.goto(address('globex'));
    await page.getByText('version 1').waitFor();
    const theirs = await running.client.getCommand('globex', command);
    const { name: _, version: __, updatedAt: ___, ...body } = theirs;
    await running.client.putCommand('globex', command, { ...body, timeoutMs: 9000 });
    await write(page, urlField(page), '{{baseUrl}}/ok/{{InvoiceNumber}}?mine=1');
    await saveButton(page).click();
    await page.getByText('Not saved: it was changed meanwhile').waitFor();
    await page.getByText('ERRAND_ADMIN_KEY saved version 2,').waitFor();
    await page.getByRole('button', { name: 'Look at the difference' }).click();
    await page.getByRole('table', { name: 'From theirs to mine' }).getByText('mine=1').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await picture('editor-conflict');
    await page.getByRole('button', { name: 'Save mine over theirs' }).click();
    await savedAs(page, 3);

    await tab(page, 'History');
    await page.getByRole('button', { name: 'Compare version 2' }).click();
    await page.getByRole('table', { name: 'From version 2 to the form' }).getByText('9000').waitFor();
    await picture('editor-history');
    await page.getByRole('button', { name: 'Restore version 2' }).click();
    await page.getByText('Unsaved changes').waitFor();
    expect(await urlField(page).textContent()).toBe('{{baseUrl}}/picky/{{InvoiceNumber}}');
    await tab(page, 'History');
    await page.getByRole('button', { name: 'Restore version 1' }).click();
    const question = page.getByRole('dialog', { name: 'Put version 1 into the form?' });
    await question.getByRole('button', { name: 'Keep my changes' }).click();
    await question.waitFor({ state: 'detached' });
    await saveButton(page).click();
    await savedAs(page, 4);
    expect(await running.client.getCommand('globex', command)).toMatchObject({
      timeoutMs: 9000,
      request: body.request,
    });
    expect(unexpected(opened, 412)).toEqual([]);
    await opened.close();
  });

  it('overwrites nobody who makes the same command at the same time', async () => {
    const { client } = running;
    const { name: _, version: __, updatedAt: ___, ...body } = await client.getCommand('globex', command);
    await client.putCommand('acme', command, body);
    await client.deleteCommand('acme', command);
    const opened = await openSignedIn(browser, running.url, running.adminKey);
    const { page } = opened;
    await page.goto(address('acme'));
    await page.getByText('not configured yet').waitFor();
    await write(page, urlField(page), '{{baseUrl}}/ok/{{InvoiceNumber}}?mine=1');
    const theirs = await client.putCommand('acme', command, body);
    await saveButton(page).click();
    await page.getByText('Not saved: it was changed meanwhile').waitFor();
    expect(await client.getCommand('acme', command)).toEqual(theirs);
    await page.getByRole('button', { name: 'Save mine over theirs' }).click();
    await savedAs(page, theirs.version + 1);
    expect(unexpected(opened, 404, 412)).toEqual([]);
    await opened.close();
  });

  it('shows what a change would have done to past invocations, and sends nothing for it', async () => {
    const { client, customers } = running;
    for (const InvoiceNumber of ['INV0000001', 'INV0000002']) {
      await client.enqueue({ integration: 'hooli', command, tokens: { InvoiceNumber } }, { waitSeconds: 20 });
    }
    const sent = customers.requests.length;
    const opened = await openSignedIn(browser, running.url, running.adminKey);
    const { page, picture } = opened;
    await page.goto(address('hooli'));
    await write(page, urlField(page), '{{baseUrl}}/slow/{{InvoiceNumber}}?copy=1');
    await tab(page, 'Dry run');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('Of 2 invocations: 2 would change, 0 would fail').waitFor();
    await page.getByRole('button', { name: /changed: .*INV0000002/ }).click();
    await page.getByRole('table', { name: 'Request before and after' }).getByText('INV0000002?copy=1').waitFor();
    await picture('editor-dry-run');
    expect(customers.requests).toHaveLength(sent);

    await page.getByRole('link', { name: 'Hooli archive' }).click();
    await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
    await page.getByRole('button', { name: 'Stay here' }).click();
    await page.getByRole('button', { name: 'Discard changes' }).click();
    await page.getByText('No unsaved changes').waitFor();
    expect(unexpected(opened)).toEqual([]);
    await opened.close();
  });

  it('is only to be read by an operator', async () => {
    const opened = await openSignedIn(browser, running.url, await running.keyFor('operator'));
    const { page, picture } = opened;
    await page.goto(address('hooli'));
    expect(await urlField(page).getAttribute('aria-readonly')).toBe('true');
    for (const name of ['Save', 'Send test', 'Delete Command', 'Add Header']) {
      expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
    }
    expect(await seriousFindings(page)).toEqual([]);
    await picture('editor-operator');
    await tab(page, 'History');
    await page.getByRole('button', { name: 'Compare version 1' }).waitFor();
    expect(await page.getByRole('button', { name: 'Restore version 1' }).count()).toBe(0);
    expect(unexpected(opened)).toEqual([]);
    await opened.close();
  });

  it.each(looks)('hinders nobody at $name', async (look) => {
    const tabs = ['request', 'success', 'retries', 'dry-run', 'history&version=1&against=current'];
    await expectSoundPages({
      browser,
      url: running.url,
      key: running.adminKey,
      look,
      paths: tabs.map((name) => `${address('globex')}?tab=${name}`),
      ready: async (page, path) => {
        await page.getByRole('tab', { selected: true }).waitFor();
        if (path.endsWith('=request')) await preview(page).getByText('Errand may send there').waitFor();
        if (path.includes('=history')) await page.getByRole('table').first().waitFor();
      },
    });
  });

  it('deletes a command, naming it first', async () => {
    const opened = await openSignedIn(browser, running.url, running.adminKey);
    const { page } = opened;
    await page.goto(address('hooli'));
    await page.getByRole('button', { name: 'Delete Command' }).click();
    await page.getByRole('dialog', { name: `Delete ${command} of Hooli archive?` }).waitFor();
    await page.getByRole('button', { name: `Delete ${command}` }).click();
    await page.waitForURL('**/integrations/hooli');
    await expect(running.client.getCommand('hooli', command)).rejects.toMatchObject({ status: 404 });
    await opened.close();
  });
});
