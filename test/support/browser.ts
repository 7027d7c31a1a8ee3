import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';

export type TestPage = {
  page: Page;
  /** Requests that were made, or tried, to hosts other than the one of `url`. */
  elsewhere: () => string[];
  /** What scripts and the browser complained of, CSP above all. */
  complaints: () => string[];
  /** Keeps a picture where `ERRAND_TEST_SCREENSHOTS` names a folder. */
  picture: (name: string) => Promise<void>;
  close: () => Promise<void>;
};

/** The machine's Chromium. Only in suites that are skipped where `inject('chromium')` is `null`. */
export function openBrowser(): Promise<Browser> {
  const executablePath = inject('chromium');
  if (executablePath === null) throw new Error('There is no Chromium on this machine');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  return chromium.launch({ executablePath, args });
}

/** A page of a fresh profile, which knows no cookie. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<TestPage> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const elsewhere: string[] = [];
  const complaints: string[] = [];
  const ours = new URL(url).host;
  context.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol.startsWith('http') && target.host !== ours) elsewhere.push(target.href);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  return {
    page,
    elsewhere: () => elsewhere,
    complaints: () => complaints,
    async picture(name) {
      const folder = process.env.ERRAND_TEST_SCREENSHOTS;
      if (folder === undefined) return;
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: false });
    },
    close: () => context.close(),
  };
}
