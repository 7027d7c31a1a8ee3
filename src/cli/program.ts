import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../app/version.ts';
import { roles } from '../contract/api-key.ts';
import { lanes } from '../contract/lane.ts';
import type { Verbs } from './verbs.ts';

/** `Name=value …` as tokens; everything after the first `=` is the value. */
export function parseTokens(pairs: readonly string[]): Record<string, string> {
  const tokens = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new InvalidArgumentError(`"${pair}" is not of the form Name=value.`);
    const name = pair.slice(0, at);
    if (tokens.has(name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
    tokens.set(name, pair.slice(at + 1));
  }
  return Object.fromEntries(tokens);
}

/** The command line (contract §2): what there is and how it is called; `verbs` does it. */
export function createProgram(verbs: Verbs): Command {
  const program = new Command('errand')
    .description("Runs a billing system's custom integrations.")
    .version(version)
    .showHelpAfterError('(errand --help says what there is)')
    .showSuggestionAfterError();

  program
    .command('up')
    .description('API, console, scheduler and both lanes on one machine, on embedded defaults where nothing is set')
    .action(() => verbs.up());
  program
    .command('api')
    .description('the HTTP API; any number of copies')
    .action(() => verbs.api());
  program
    .command('worker')
    .description('takes and runs work; any number of copies')
    .addOption(new Option('--lane <lane>', 'one lane only; default: both').choices(lanes))
    .action((options) => verbs.worker(options.lane));
  program
    .command('migrate')
    .description("applies the database's migrations; safe to run twice and at the same time")
    .action(() => verbs.migrate());
  program
    .command('demo')
    .description('the main job for real, on loopback')
    .option('--once', 'end when it is done')
    .action((options) => verbs.demo({ once: options.once === true }));
  addInvoke(program, verbs);
  addKeys(program, verbs);
  return program;
}

function addInvoke(program: Command, verbs: Verbs): void {
  program
    .command('invoke')
    .description("runs a command and writes its result's bytes; exit 0 succeeded, 1 failed, 2 bad usage")
    .argument('<integration>')
    .argument('<command>')
    .argument('[tokens...]', 'Name=value')
    .option('--output <file>', 'where to write the bytes; default: stdout')
    .addOption(new Option('--lane <lane>').choices(lanes).default('interactive'))
    .action((integration, command, pairs, options) =>
      verbs.invoke(integration, command, parseTokens(pairs), {
        lane: options.lane,
        ...(options.output === undefined ? {} : { output: options.output }),
      }),
    );
}

function addKeys(program: Command, verbs: Verbs): void {
  const keys = program.command('keys').description('API keys');
  keys
    .command('create')
    .description('makes a key and prints it, once')
    .addOption(new Option('--role <role>').choices(roles).makeOptionMandatory())
    .option('--account <account...>', 'the accounts it is for; default: all')
    .option('--name <name>')
    .action((options) => verbs.keys.create(options.role, options.account ?? '*', options.name));
  keys
    .command('list')
    .description('what keys there are; never the keys themselves')
    .action(() => verbs.keys.list());
  keys
    .command('revoke')
    .description('stops a key at once')
    .argument('<id>')
    .action((id) => verbs.keys.revoke(id));
}
