import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';
import { summary } from './run-summary.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Are there the programs that the commands of the docs use besides Errand? */
    shellTools: boolean;
  }
}

/** `curl --json` came with 7.82. */
const tools = { bash: ['-c', ':'], curl: ['--json', '', '--version'], jq: ['--version'] };

/** Vitest's global setup of the project that runs the commands of the docs. */
export default function setup(project: TestProject): void {
  const missing = Object.entries(tools).flatMap(([tool, args]) => (works(tool, args) ? [] : [tool]));
  project.provide('shellTools', missing.length === 0);
  if (missing.length === 0) return;
  const why = `no usable ${missing.join(', ')} on the path`;
  summary.lines.push(`The commands of the docs did not run: ${why}`);
  if (/\bshell\b/.test(process.env.ERRAND_TEST_REQUIRE ?? ''))
    throw new Error(`ERRAND_TEST_REQUIRE names shell: ${why}`);
}

function works(tool: string, args: string[]): boolean {
  try {
    execFileSync(tool, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
