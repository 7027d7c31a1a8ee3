import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';
import { nodeProblem } from '../../src/platform/node-version.ts';
import { summary } from './run-summary.ts';
import { findPrograms } from './services/programs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A Node.js on which the client runs and the program does not; `null`: this machine has none. */
    olderNode: string | null;
  }
}

/** Vitest's global setup of the project that runs the package. */
export default function setup(project: TestProject): void {
  const found = findOlderNode();
  project.provide('olderNode', found);
  if (found !== null) {
    summary.lines.push(`Older Node: ${found}`);
    return;
  }
  const why = 'no node from 20 to 22.18 on the path, and ERRAND_TEST_OLDER_NODE is not set';
  summary.lines.push(`The package did not run on an older Node: ${why}`);
  if (/\bolder-node\b/.test(process.env.ERRAND_TEST_REQUIRE ?? '')) {
    throw new Error(`ERRAND_TEST_REQUIRE names older-node, and there is none: ${why}`);
  }
}

function findOlderNode(): string | null {
  const named = process.env.ERRAND_TEST_OLDER_NODE;
  if (named !== undefined && named !== '') return named;
  return findPrograms(['node']).find(isOlder) ?? null;
}

function isOlder(program: string): boolean {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  return Number.parseInt(version.slice(1), 10) >= 20 && nodeProblem(version, program) !== null;
}
