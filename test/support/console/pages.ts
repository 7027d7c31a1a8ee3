import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openPage, type TestPage } from '../browser.ts';

/** A page of somebody who is signed in with this key. */
export async function openSignedIn(
  browser: Browser,
  url: string,
  key: string,
  options: BrowserContextOptions = {},
): Promise<TestPage> {
  const opened = await openPage(browser, url, options);
  const { page } = opened;
  await page.goto('/sign-in');
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Console' }).waitFor({ state: 'attached' });
  return opened;
}
