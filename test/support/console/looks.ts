import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { seriousFindings } from './axe.ts';
import { openSignedIn } from './pages.ts';

/** How pages are looked at: on a desk in the light, on a telephone in the dark. */
export const looks = [
  { name: 'a desk, light', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { name: 'a telephone, dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const;
export type Look = (typeof looks)[number];

type Visit = {
  browser: Browser;
  url: string;
  key: string;
  look: Look;
  paths: readonly string[];
  /** Waits for what is to be looked at. */
  ready?: (page: Page, path: string) => Promise<unknown>;
};

/** Goes to each of these pages: nothing hinders anybody, nothing is wider than the window, nothing comes from elsewhere. */
export async function expectSoundPages({ browser, url, key, look, paths, ready }: Visit): Promise<void> {
  const { viewport, colorScheme } = look;
  const opened = await openSignedIn(browser, url, key, { viewport, colorScheme });
  const { page } = opened;
  for (const path of paths) {
    await page.goto(path, { waitUntil: 'networkidle' });
    await page.getByRole('heading', { level: 1 }).waitFor();
    await ready?.(page, path);
    await opened.picture(`${path.replaceAll(/\W+/g, '-')}-${viewport.width}-${colorScheme}`);
    expect({ path, findings: await seriousFindings(page) }).toEqual({ path, findings: [] });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect({ path, width }).toEqual({ path, width: viewport.width });
  }
  expect(opened.elsewhere()).toEqual([]);
  expect(opened.complaints().filter((text) => !/status of 40[34]/.test(text))).toEqual([]);
  await opened.close();
}
