import type { TestProject } from 'vitest/node';
import { summary } from './run-summary.ts';
import { findProgram } from './services/programs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The browser's program; `null`: this machine has none. */
    chromium: string | null;
  }
}

const programs = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Vitest's global setup of the projects whose tests open pages. */
export default function setup(project: TestProject): void {
  const chromium = findChromium();
  project.provide('chromium', chromium);
  if (chromium !== null) {
    summary.lines.push(`Browser: ${chromium}`);
    return;
  }
  const why = `no ${programs.join(', ')} on the path, and ERRAND_TEST_CHROMIUM is not set`;
  summary.lines.push(`Browser suites did not run: ${why}`);
  if (/\bchromium\b/.test(process.env.ERRAND_TEST_REQUIRE ?? '')) {
    throw new Error(`ERRAND_TEST_REQUIRE names chromium, and there is none: ${why}`);
  }
}

/** The machine's Chromium; `null`: there is none. */
export function findChromium(): string | null {
  const named = process.env.ERRAND_TEST_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  return findProgram(programs);
}
