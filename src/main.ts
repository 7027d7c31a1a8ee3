#!/usr/bin/env node
import { exitCodes } from './cli/failure.ts';
import { nodeProblem } from './platform/node-version.ts';

const problem = nodeProblem(process.version, process.execPath);
if (problem === null) {
  // Only now: an older Node.js would fail over something in there, and say nothing that a user can mend.
  const { main } = await import('./cli/main.ts');
  await main();
} else {
  process.stderr.write(`errand: ${problem}\n`);
  process.exitCode = exitCodes.configuration;
}
