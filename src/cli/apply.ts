import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { integrationIdSchema } from '../contract/names.ts';
import { ConfigError, type Environment } from '../platform/config.ts';
import { withClient } from './api-client.ts';
import { carryOut } from './as-code/carry-out.ts';
import { checkAlone, checkSecrets, checkWanted } from './as-code/check.ts';
import { type Current, readCurrent } from './as-code/current.ts';
import { readFiles } from './as-code/files.ts';
import { planOf } from './as-code/plan.ts';
import { type Mistake, readWanted, type Wanted } from './as-code/read.ts';
import { type LeftAlone, leftAloneOf } from './as-code/sections.ts';
import { printable, shownPlan } from './as-code/shown.ts';
import type { Step } from './as-code/step.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { printJson, printLine, tell } from './output.ts';

export type ApplyOptions = {
  files: readonly string[];
  prune: boolean;
  updateSecrets: boolean;
  dryRun: boolean;
  exitCode: boolean;
  yes: boolean;
  json: boolean;
};

/** `errand apply`: shows what makes Errand's configuration that of the files, and does it. */
export async function runApply(env: Environment, options: ApplyOptions): Promise<void> {
  const asks = !options.dryRun && !options.yes;
  if (asks && (!process.stdin.isTTY || options.files.includes('-') || options.json)) {
    throw new CliFailure(exitCodes.usage, 'nobody can be asked here: give --yes to apply, or --dry-run to look.');
  }
  const { wanted, mistakes } = readWanted(await readFiles(options.files));
  const found = [...mistakes, ...checkSecrets(wanted, env)];
  if (found.length === 0 && wanted.commandTypes.size + wanted.integrations.size === 0) {
    throw new CliFailure(exitCodes.usage, `no commandTypes and no integrations in ${options.files.join(', ')}.`);
  }
  const current = await refuseOrRead(found, wanted, env, options);
  await withClient(env, async (client) => {
    const steps = planOf(wanted, current, { ...options, secretOf: (name) => env[name] ?? '' });
    const leftAlone = options.prune ? leftAloneOf(wanted, current.integrations) : [];
    if (!options.json) await printLine(shownPlan(steps, leftAlone, wanted.placeOf));
    const shown = (applied: boolean) => asJson(steps, leftAlone, applied);
    if (options.dryRun) {
      if (options.json) await printJson(shown(false));
      return endDryRun(steps, options);
    }
    if (steps.length > 0) {
      if (asks) await confirm();
      await carryOut(client, steps, wanted.placeOf);
      tell(`Applied: ${steps.length} ${steps.length === 1 ? 'change' : 'changes'}.`);
    }
    if (options.json) await printJson(shown(true));
  });
}

/**
 * What is in Errand.
 *
 * @throws CliFailure with these mistakes and all others; if Errand cannot be asked, those that can be found without it
 */
async function refuseOrRead(
  found: readonly Mistake[],
  wanted: Wanted,
  env: Environment,
  options: ApplyOptions,
): Promise<Current> {
  let current: Current;
  try {
    current = await withClient(env, (client) => readCurrent(client, rightIds(wanted)));
  } catch (error) {
    if (!(error instanceof CliFailure || error instanceof ConfigError)) throw error;
    refuse([...found, ...checkAlone(wanted, options)], `\nNot everything could be checked: ${error.message}`);
    throw error;
  }
  refuse([...found, ...checkWanted(wanted, current, options)]);
  return current;
}

const rightIds = ({ integrations }: Wanted) =>
  [...integrations.keys()].filter((id) => integrationIdSchema.safeParse(id).success);

/** @throws CliFailure with all of them, if there are some */
function refuse(mistakes: readonly Mistake[], unchecked = ''): void {
  if (mistakes.length === 0) return;
  const inOrder = mistakes.toSorted((one, other) => one.place.localeCompare(other.place, 'en', { numeric: true }));
  const lines = inOrder.map(({ place, path, message }) => `${place} ${path === '' ? '' : `${path}: `}${message}`);
  const text = `the configuration is not right; nothing was applied.\n  ${lines.map(printable).join('\n  ')}${unchecked}`;
  throw new CliFailure(exitCodes.usage, text);
}

function endDryRun(steps: readonly Step[], { exitCode }: ApplyOptions): void {
  if (exitCode && steps.length > 0) throw new CliFailure(exitCodes.changes, 'there are changes; none was applied.');
}

async function confirm(): Promise<void> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await Promise.race([
      asking.question('Apply this? Only "yes" does: '),
      once(asking, 'close').then(() => ''),
    ]);
    if (answer.trim() !== 'yes') throw new CliFailure(exitCodes.failed, 'nothing was applied.');
  } finally {
    asking.close();
  }
}

function asJson(steps: readonly Step[], leftAlone: readonly LeftAlone[], applied: boolean) {
  return {
    applied,
    changes: steps.map(({ action, kind, name, differences }) => ({ action, kind, name, differences })),
    leftAlone,
  };
}
